#!/bin/bash
# A broker that asks for passwords or certificates: SELECT and pipeline work with
# what server and user mapping say, as a role that is no superuser. A wrong
# password, a name that is not the broker's and an unknown authority are refused with
# an error that says so and does not show the password; a pipeline goes on once the
# password is right again.
. "$(dirname "$0")/lib.sh"

if [ "$BROKER" = mock ]; then
  mock_cannot "passwords and certificates" "the mock broker has neither"
  done_testing
  exit 0
fi

sasl=$(cat "$KAFKA_DIR/bootstrap-sasl")
tls=$(cat "$KAFKA_DIR/bootstrap-tls")
ca=$(cat "$KAFKA_DIR/ca.pem")
count="SELECT count(*), count(DISTINCT id) FROM"

as_reader()       # like sql, as the role ingester
{
  PGUSER=ingester sql "$1"
}

server()          # NAME BOOTSTRAP PROTOCOL CA: with a foreign table NAME
{
  as_reader "CREATE SERVER $1 FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers '$2',
      security_protocol '$3', ssl_ca_pem '$4', timeout_ms '5000' $5);
    CREATE FOREIGN TABLE $1 (id int) SERVER $1 OPTIONS (topic 'secure')"
}

mapping()         # SERVER OPTIONS
{
  as_reader "CREATE USER MAPPING FOR CURRENT_USER SERVER $1 OPTIONS ($2)"
}

password()        # of the mapping of server right
{
  as_reader "ALTER USER MAPPING FOR CURRENT_USER SERVER kafka_right OPTIONS (SET sasl_password '$1')"
}

refused()         # NAME TABLE PATTERN: the SELECT fails, and says why
{
  local text
  text=$(PGUSER=ingester psql -XqAt -v VERBOSITY=verbose -c "$count $2" 2>&1 | tr '\n' ' ') || true
  if grep -qiE "ERROR: .*($3)" <<< "$text" && ! grep -q 'password-of' <<< "$text"; then
    pass "$1"
  else
    fail "$1"
  fi
  note "$(cut -c 1-300 <<< "$text")"
}

topic_create secure 2
seq 1 1000 | sed 's/.*/{"id":&}/' | put secure
server_start
sql "CREATE ROLE ingester LOGIN; GRANT ALL ON SCHEMA public TO ingester;
  GRANT USAGE ON FOREIGN DATA WRAPPER olap_kafka TO ingester"
scram=", sasl_mechanism 'SCRAM-SHA-512'"
server kafka_right "$sasl" sasl_ssl "$ca" "$scram"
mapping kafka_right "sasl_username 'reader', sasl_password 'right-password'"
check "SELECT with SASL over TLS" "$(as_reader "$count kafka_right")" "1000|1000"
server kafka_cert "$tls" ssl "$ca" ""
mapping kafka_cert "ssl_certificate_pem '$(cat "$KAFKA_DIR/client.pem")', ssl_key_pem '$(cat "$KAFKA_DIR/client.key")'"
check "SELECT with a client's certificate" "$(as_reader "$count kafka_cert")" "1000|1000"

as_reader "CREATE TABLE stored (id int) USING olap;
  SELECT olap.create_pipeline('secure', source => 'kafka_right', target => 'stored')" > /dev/null
if wait_for 30 "$count stored" "1000|1000"; then pass "a pipeline reads it"; else fail "a pipeline reads it"; fi

# --- refused ---
server kafka_password "$sasl" sasl_ssl "$ca" "$scram"
mapping kafka_password "sasl_username 'reader', sasl_password 'password-of-another'"
refused "a wrong password is refused" kafka_password 'authentication failed'
server kafka_nobody "$sasl" sasl_ssl "$ca" "$scram"
mapping kafka_nobody "sasl_username 'nobody', sasl_password 'password-of-nobody'"
refused "an unknown user is refused" kafka_nobody 'authentication failed'
server kafka_name "${sasl/localhost/127.0.0.1}" sasl_ssl "$ca" "$scram"
mapping kafka_name "sasl_username 'reader', sasl_password 'right-password'"
refused "a broker under another name than its certificate's is refused" kafka_name 'certificate verify failed|hostname mismatch'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other \
  -keyout "$DIR/other.key" -out "$DIR/other.pem" 2> /dev/null
server kafka_ca "$sasl" sasl_ssl "$(cat "$DIR/other.pem")" "$scram"
mapping kafka_ca "sasl_username 'reader', sasl_password 'right-password'"
refused "a broker of another authority is refused" kafka_ca 'certificate verify failed'
server kafka_nocert "$tls" ssl "$ca" ""
refused "without a client's certificate the broker refuses" kafka_nocert 'certificate'

# --- a pipeline whose password changes ---
password password-of-another
if wait_for 30 "SELECT state, last_error ~* 'authentication failed', last_error ~ 'password-of'
    FROM olap.pipeline_status WHERE name = 'secure'" "stopped|t|f"; then
  pass "a pipeline with a wrong password stops and says why"
else
  fail "a pipeline with a wrong password stops and says why"
  pipeline_notes secure
fi
note "last_error: $(sql "SELECT last_error FROM olap.pipeline_status WHERE name = 'secure'")"
seq 1001 2000 | sed 's/.*/{"id":&}/' | put secure
sleep 3
check "nothing is read meanwhile" "$(sql "$count stored")" "1000|1000"
password right-password
if wait_for 30 "$count stored" "2000|2000"; then
  pass "with the right password it goes on"
else
  fail "with the right password it goes on"
  pipeline_notes secure
fi
check "and says so" "$(sql "SELECT state FROM olap.pipeline_status WHERE name = 'secure'")" running
as_reader "ALTER USER MAPPING FOR CURRENT_USER SERVER kafka_right OPTIONS (ADD ssl_key_pem '-----BEGIN nothing')"
if wait_for 30 "SELECT last_error ~ 'PEM', last_error ~ 'right-password' FROM olap.pipeline_status WHERE name = 'secure'" "t|f"; then
  pass "a pipeline whose key is none says why"
else
  fail "a pipeline whose key is none says why"
  pipeline_notes secure
fi
check "no password is in the server's log" "$(grep -c 'right-password\|password-of' "$DIR/pg/log" || true)" 0
done_testing

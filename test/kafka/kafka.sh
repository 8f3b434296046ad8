#!/bin/bash
# One-node Apache Kafka (KRaft) on loopback, for the tests.
#
#   kafka.sh fetch              jars into the cache, outside the source tree
#   kafka.sh start DIR          format if new, start, wait until it answers;
#                               prints the bootstrap address (without encryption;
#                               DIR/bootstrap-sasl: SASL over TLS, user "reader",
#                               password "right-password"; DIR/bootstrap-tls: with
#                               the certificate DIR/client.pem; DIR/ca.pem signed all)
#   kafka.sh stop DIR           SIGTERM, then SIGKILL after 20 s
#   kafka.sh kill DIR           SIGKILL; "start DIR" again keeps the data
#   kafka.sh pause|resume DIR   SIGSTOP / SIGCONT: an outage without a goodbye
#   kafka.sh rss DIR            resident memory in MiB
#
# Exits with 77 and the reason when Java or the jars cannot be had.
# KAFKA_VERSION, KAFKA_HEAP (default 512m) and KAFKA_CACHE can be set.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=${KAFKA_VERSION:-3.9.1}
heap=${KAFKA_HEAP:-512m}
cache=${KAFKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/olap/kafka-$version}
admin=${OLAP_BIN:-$here/../../build/bin}/olap-topic-admin

skip()
{
	echo "kafka.sh: $*" >&2
	exit 77
}

# Into a temporary folder first: a half-filled cache must not look complete.
fetch()
{
	[ -f "$cache/complete" ] && return
	command -v java >/dev/null || skip "Java is not installed"
	command -v mvn >/dev/null || skip "Maven is not installed"
	mkdir -p "$(dirname "$cache")"
	local work
	work=$(mktemp -d "$cache.XXXXXX")
	cp "$here/pom.xml" "$work/"
	# Maven's own repository would stay in the user's home.
	if ! (cd "$work" && MAVEN_OPTS="${MAVEN_OPTS:-} -XX:-UsePerfData" timeout 300 \
		mvn -B -ntp -q "-Dmaven.repo.local=$work/repository" "-Dkafka.version=$version" \
		dependency:copy-dependencies -DincludeScope=runtime \
		-DoutputDirectory=lib) >"$work/mvn.log" 2>&1
	then
		tail -5 "$work/mvn.log" >&2
		rm -rf "$work"
		skip "the jars of Kafka $version could not be fetched"
	fi
	rm -rf "$work/repository"
	touch "$work/complete"
	rm -rf "$cache"
	mv "$work" "$cache"
}

free_port()
{
	local port
	while :
	do
		port=$((20000 + RANDOM % 12000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
		then
			echo "$port"
			return
		fi
	done
}

# A Kafka uuid: 16 random bytes as base64url, 22 characters.
new_uuid()
{
	head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c1-22
}

# So many different ones, on one line.
free_ports()
{
	local ports='' port
	while [ "$(wc -w <<<"$ports")" -lt "$1" ]
	do
		port=$(free_port)
		[[ " $ports " = *" $port "* ]] || ports="$ports $port"
	done
	echo "$ports"
}

# DIR/NAME.key and DIR/NAME.pem, signed by DIR/ca
write_certificate()	# DIR NAME EXTENSION
{
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
		-keyout "$1/$2.key" -out "$1/$2.csr"
	openssl x509 -req -in "$1/$2.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial \
		-days 2 -extfile <(echo "$3") -out "$1/$2.pem"
}

# A certification authority, the server's certificate (for the name localhost, not
# for the address) and a client's.
write_certificates()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=olap test authority" -keyout "$1/ca.key" -out "$1/ca.pem"
	write_certificate "$1" server "subjectAltName=DNS:localhost"
	write_certificate "$1" client "extendedKeyUsage=clientAuth"
	cat "$1/server.key" "$1/server.pem" >"$1/server-keystore.pem"
}

write_config()
{
	local dir=$1 client controller sasl tls
	command -v openssl >/dev/null || skip "openssl is not installed"
	read -r client controller sasl tls < <(free_ports 4)
	echo "127.0.0.1:$client" >"$dir/bootstrap"
	echo "localhost:$sasl" >"$dir/bootstrap-sasl"
	echo "localhost:$tls" >"$dir/bootstrap-tls"
	write_certificates "$dir" >"$dir/openssl.log" 2>&1 ||
		{ cat "$dir/openssl.log" >&2; exit 1; }
	cat >"$dir/server.properties" <<-END
	process.roles=broker,controller
	node.id=1
	controller.quorum.voters=1@127.0.0.1:$controller
	listeners=PLAINTEXT://127.0.0.1:$client,CONTROLLER://127.0.0.1:$controller,SASL_SSL://127.0.0.1:$sasl,SSL://127.0.0.1:$tls
	advertised.listeners=PLAINTEXT://127.0.0.1:$client,SASL_SSL://localhost:$sasl,SSL://localhost:$tls
	controller.listener.names=CONTROLLER
	listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
	ssl.keystore.type=PEM
	ssl.keystore.location=$dir/server-keystore.pem
	ssl.truststore.type=PEM
	ssl.truststore.location=$dir/ca.pem
	listener.name.ssl.ssl.client.auth=required
	sasl.enabled.mechanisms=SCRAM-SHA-512
	listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
	log.dirs=$dir/data
	auto.create.topics.enable=false
	offsets.topic.replication.factor=1
	offsets.topic.num.partitions=1
	transaction.state.log.replication.factor=1
	transaction.state.log.min.isr=1
	transaction.state.log.num.partitions=1
	group.initial.rebalance.delay.ms=0
	# records with old timestamps stay until a test deletes them
	log.retention.ms=-1
	log.retention.check.interval.ms=1000
	log.initial.task.delay.ms=500
	log.cleaner.backoff.ms=300
	log.cleaner.dedupe.buffer.size=16777216
	log.segment.delete.delay.ms=1000
	END
	cat >"$dir/log4j.properties" <<-END
	log4j.rootLogger=WARN, file
	log4j.appender.file=org.apache.log4j.FileAppender
	log4j.appender.file.File=$dir/kafka.log
	log4j.appender.file.layout=org.apache.log4j.PatternLayout
	log4j.appender.file.layout.ConversionPattern=%d %p %m (%c)%n
	END
}

start()
{
	local dir=$1 java_options
	fetch
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	# without performance counters, which leave a folder in /tmp
	java_options=(-XX:-UsePerfData "-Dlog4j.configuration=file:$dir/log4j.properties")
	if [ ! -f "$dir/server.properties" ]
	then
		write_config "$dir"
		java "${java_options[@]}" -XX:TieredStopAtLevel=1 -cp "$cache/lib/*" \
			kafka.tools.StorageTool format -t "$(new_uuid)" \
			--add-scram 'SCRAM-SHA-512=[name=reader,password=right-password]' \
			-c "$dir/server.properties" >"$dir/format.log" 2>&1 ||
			{ cat "$dir/format.log" >&2; exit 1; }
	fi
	# its own session: a terminal's interrupt must not reach it
	setsid java "${java_options[@]}" "-Xmx$heap" -XX:+UseSerialGC -cp "$cache/lib/*" \
		kafka.Kafka "$dir/server.properties" \
		</dev/null >"$dir/stdout.log" 2>&1 &
	echo $! >"$dir/pid"
	if ! "$admin" "$(cat "$dir/bootstrap")" wait 60000
	then
		tail -20 "$dir/kafka.log" "$dir/stdout.log" >&2
		exit 1
	fi
	cat "$dir/bootstrap"
}

running()
{
	kill -0 "$1" 2>/dev/null
}

stop()
{
	local pid
	[ -f "$1/pid" ] || return 0
	pid=$(cat "$1/pid")
	kill -CONT "$pid" 2>/dev/null || true
	kill -TERM "$pid" 2>/dev/null || true
	for _ in $(seq 200)
	do
		running "$pid" || break
		sleep 0.1
	done
	running "$pid" && kill -KILL "$pid"
	rm -f "$1/pid"
}

case ${1:-} in
	fetch) fetch ;;
	start) start "$2" ;;
	stop) stop "$2" ;;
	kill) kill -KILL "$(cat "$2/pid")" ;;
	pause) kill -STOP "$(cat "$2/pid")" ;;
	resume) kill -CONT "$(cat "$2/pid")" ;;
	rss) awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$(cat "$2/pid")/status" ;;
	*) sed -n '2,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac

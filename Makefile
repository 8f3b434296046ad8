# olap: real-time OLAP tables for PostgreSQL.
#
#   make setup        install what building and testing needs (Debian)
#   make check        build, and run every test
#   make pgsuite      PostgreSQL's own regression suite, on heap and on olap tables
#   make pgsuite-isolation   its isolation suite
#   make pgsuite-pg17 the same on 17 in its chroot (pgsuite-pg18, pgsuite-isolation-pg17,
#                     -pg18; PGSUITE_SOURCE=DIR)
#   make twin         compare random statements with heap (SECONDS=3600 SEED=1)
#   make stress       writers, compactions and readers under kill -9 (DURATION=600 SEED=1)
#   make power-loss   the power goes at WAL records, with pages half written (CUTS=500 FULL=1)
#   make demo         the tour: broker, pipeline, live queries, proof of exactly-once
#   make, make install, make installcheck    plain PGXS
#
# The targets of the first group work before PostgreSQL is installed, so PGXS is
# read only for the others. Each layer folder under src/ names its objects in its
# own objs.mk, one a line.

SCRIPT_GOALS = setup check check-pg17 check-pg18 check-all check-fresh check-layers check-upgrade \
	demo demo-fresh demo-shell clean-demo bench bench-clients pgsuite pgsuite-pg17 pgsuite-pg18 \
	pgsuite-isolation pgsuite-isolation-pg17 pgsuite-isolation-pg18 \
	twin stress sqlsmith power-loss

ifneq ($(filter $(SCRIPT_GOALS),$(MAKECMDGOALS)),)

.PHONY: $(MAKECMDGOALS)
.NOTPARALLEL:

setup:
	scripts/setup.sh
check:
	scripts/check.sh
check-pg17:
	scripts/chroot.sh 17
check-pg18:
	scripts/chroot.sh 18
check-all:
	scripts/check.sh --all
check-fresh:
	scripts/chroot.sh 15 --bare
check-upgrade:
	scripts/upgrade.sh
check-layers:
	scripts/check_layers.sh
demo:
	scripts/demo.sh
demo-fresh:
	scripts/chroot.sh 15 --bare -- scripts/fresh.sh demo demo
demo-shell:
	scripts/demo.sh shell
clean-demo:
	scripts/demo.sh clean
bench:
	test/bench/run.sh
bench-clients:
	test/bench/run.sh clients
pgsuite:
	scripts/pgsuite.sh
pgsuite-isolation:
	scripts/pgsuite_isolation.sh
in-chroot = scripts/chroot.sh $(1) $(if $(PGSUITE_SOURCE),--share '$(PGSUITE_SOURCE)') -- \
	env $(if $(PGSUITE_SOURCE),PGSUITE_SOURCE=/mnt) $(2)
pgsuite-pg17 pgsuite-pg18: pgsuite-pg%:
	$(call in-chroot,$*,scripts/pgsuite.sh)
pgsuite-isolation-pg17 pgsuite-isolation-pg18: pgsuite-isolation-pg%:
	$(call in-chroot,$*,scripts/pgsuite_isolation.sh)
twin:
	scripts/twin.sh --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED)) $(TWIN_FLAGS)
sqlsmith:
	QUERIES='$(QUERIES)' SEED='$(SEED)' JOBS='$(JOBS)' scripts/sqlsmith.sh
stress:
	DURATION='$(DURATION)' SEED='$(SEED)' scripts/stress.sh
power-loss:
	CUTS='$(CUTS)' FULL='$(FULL)' SEED='$(SEED)' scripts/power_loss.sh

else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifeq ($(wildcard $(PGXS)),)
$(error PostgreSQL's server headers were not found through PG_CONFIG=$(PG_CONFIG); run "make setup" or set PG_CONFIG)
endif

EXTENSION = olap
MODULE_big = olap
PGFILEDESC = "olap - real-time OLAP tables"
DATA = $(wildcard sql/olap--*.sql)

OLAP_OBJS = src/olap.o
OLAP_KAFKA_OBJS =
OLAP_LIBS = -llz4 -lzstd
OLAP_KAFKA_LIBS = -lrdkafka -lsimdjson -llz4 -lzstd -lstdc++
include $(sort $(wildcard src/*/objs.mk))
OBJS = $(OLAP_OBJS)

# pg_regress finds inputs under test/ and expected output in ./expected.
REGRESS = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=olap
ISOLATION = $(sort $(patsubst test/isolation/specs/%.spec,%,$(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=olap \
	$(if $(filter 15,$(MAJORVERSION)),,--expecteddir=test/isolation)
TAP_TESTS = 1
PROVE_TESTS = $(sort $(wildcard test/t/*.pl))

# Only what is declared PGDLLEXPORT leaves a library, on every version: the two
# libraries hold copies of the same pure objects and must not see each other's.
OLAP_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server) -Isrc
OLAP_WARNINGS = -Wall -Wextra -Werror -Wno-unused-parameter \
	-Wno-sign-compare -Wno-missing-field-initializers
OLAP_FLAGS = $(OLAP_WARNINGS) -MMD -MP -fvisibility=hidden \
	-DPGDLLEXPORT='__attribute__((visibility("default")))'
# clang is told to accept the server's flags for gcc.
ifneq ($(findstring clang,$(CC)),)
OLAP_FLAGS += -Wno-ignored-optimization-argument -Wno-unknown-warning-option \
	-Wno-ignored-attributes
endif
PG_CPPFLAGS = $(OLAP_CPPFLAGS)
PG_CFLAGS = -std=gnu11 $(OLAP_FLAGS)
PG_CXXFLAGS = -std=c++17 -fPIC -fno-exceptions -fno-rtti \
	-DSIMDJSON_EXCEPTIONS=0 $(OLAP_FLAGS)
SHLIB_LINK = $(OLAP_LIBS)

EXTRA_CLEAN = build/id olap_kafka.so $(OLAP_KAFKA_OBJS) \
	$(OLAP_OBJS:.o=.d) $(OLAP_KAFKA_OBJS:.o=.d)

# Bitcode would run clang over every file and serves nothing here.
override with_llvm = no
include $(PGXS)

ifneq ($(strip $(OLAP_KAFKA_OBJS)),)
KAFKA_LIB = olap_kafka.so

all: $(KAFKA_LIB)

$(KAFKA_LIB): $(sort $(OLAP_KAFKA_OBJS)) src/ingest/exports.map
	$(CC) $(CFLAGS) -shared -o $@ $(filter %.o,$^) -Wl,--version-script=src/ingest/exports.map $(LDFLAGS) $(LDFLAGS_SL) $(OLAP_KAFKA_LIBS)

install: install-kafka
uninstall: uninstall-kafka
install-kafka: $(KAFKA_LIB)
	$(MKDIR_P) '$(DESTDIR)$(pkglibdir)'
	$(INSTALL_SHLIB) $(KAFKA_LIB) '$(DESTDIR)$(pkglibdir)/'
uninstall-kafka:
	rm -f '$(DESTDIR)$(pkglibdir)/$(KAFKA_LIB)'
.PHONY: install-kafka uninstall-kafka
endif

# A change of flags, compiler or server version rebuilds everything.
BUILD_ID := $(CC) $(VERSION)
$(shell mkdir -p build; echo '$(BUILD_ID)' | cmp -s - build/id || echo '$(BUILD_ID)' > build/id)
$(OLAP_OBJS) $(OLAP_KAFKA_OBJS): Makefile build/id

# A change of what they are made of links the libraries anew.
$(shlib) $(KAFKA_LIB): $(sort $(wildcard src/*/objs.mk))

-include $(sort $(OLAP_OBJS:.o=.d) $(OLAP_KAFKA_OBJS:.o=.d))

# The programs of the demo and of the Kafka tests.
include tools/tools.mk
clean: tools-clean

endif

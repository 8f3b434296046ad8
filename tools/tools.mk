# Programs of the Kafka tests and of the demo: plain C with librdkafka, never
# linked into the server.  Included by the Makefile; also works alone:
# make -f tools/tools.mk tools

TOOLS_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
TOOLS_BIN := build/bin
TOOLS_OBJ := build/tools
TOOLS_CC ?= $(CC)
TOOLS_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -MMD -MP
TOOLS_LIBS := -lrdkafka -lm
TOOLS_PROGRAMS := $(addprefix $(TOOLS_BIN)/, \
	olap-broker olap-produce olap-put olap-topic-read olap-topic-admin)

.PHONY: tools tools-clean
tools: $(TOOLS_PROGRAMS)

tools-clean:
	rm -rf $(TOOLS_BIN) $(TOOLS_OBJ)

$(TOOLS_OBJ)/%.o: $(TOOLS_DIR)%.c
	@mkdir -p $(@D)
	$(TOOLS_CC) $(TOOLS_CFLAGS) -c -o $@ $<

$(TOOLS_BIN)/olap-%:
	@mkdir -p $(@D)
	$(TOOLS_CC) -o $@ $^ $(TOOLS_LIBS)

TOOLS_COMMON := $(TOOLS_OBJ)/toolutil.o
$(TOOLS_BIN)/olap-broker: $(TOOLS_OBJ)/olap_broker.o $(TOOLS_COMMON)
$(TOOLS_BIN)/olap-produce: $(addprefix $(TOOLS_OBJ)/, olap_produce.o \
	produce_options.o adgen.o books.o) $(TOOLS_COMMON)
$(TOOLS_BIN)/olap-put: $(TOOLS_OBJ)/olap_put.o $(TOOLS_COMMON)
$(TOOLS_BIN)/olap-topic-read: $(TOOLS_OBJ)/olap_topic_read.o $(TOOLS_COMMON)
$(TOOLS_BIN)/olap-topic-admin: $(TOOLS_OBJ)/olap_topic_admin.o $(TOOLS_COMMON)

-include $(wildcard $(TOOLS_OBJ)/*.d)

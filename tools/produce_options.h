/*-------------------------------------------------------------------------
 *
 * produce_options.h
 *		The command line of olap-produce.
 *
 * tools/produce_options.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TOOLS_PRODUCE_OPTIONS_H
#define OLAP_TOOLS_PRODUCE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "adgen.h"
#include "toolutil.h"

#define MAX_UNDER_WAY (1 << 19)	/* messages; also the largest transaction */

typedef struct ProduceOptions
{
	const char *brokers;
	const char *topic;
	const char *summary;
	const char *ledger;
	const char *transactional;	/* transactional.id or NULL */
	const char *compression;
	AdGenOptions gen;
	ToolProps	props;
	int64_t		rows;
	int64_t		first_id;
	int64_t		txn_size;
	double		rate;			/* rows a second, 0 = as fast as possible */
	double		abort_fraction;
	double		span;			/* seconds of event time, or 0 for real time */
	int			partitions;		/* 0 = all that the topic has */
	int			block;			/* consecutive rows to one partition */
	int64_t		keys;			/* distinct keys, 0 = messages without key */
	bool		live;
	bool		print;
	bool		progress;
	bool		header;
} ProduceOptions;

/* Fill options from the command line; ends the program on a mistake or --help. */
extern void produce_options_read(ProduceOptions *options, int argc,
								 char **argv);

#endif							/* OLAP_TOOLS_PRODUCE_OPTIONS_H */

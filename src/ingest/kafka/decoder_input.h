/*-------------------------------------------------------------------------
 *
 * decoder_input.h
 *		Values through their type's input function, errors as values.
 *
 * src/ingest/kafka/decoder_input.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_DECODER_INPUT_H
#define OLAP_KAFKA_DECODER_INPUT_H

#include "fmgr.h"

#include "ingest/source.h"

typedef struct OlapInput
{
	bool		contained;		/* errors leave nothing behind */
	bool		clock;			/* words such as now would depend on the clock */
	bool		takes_null;		/* NULL is checked too: a domain */
	FmgrInfo	function;
	Oid			typioparam;
	int32		typmod;
} OlapInput;

/* Look the function up; what it remembers lives in CurrentMemoryContext. */
extern void olap_input_prepare(OlapInput *input, Oid type, int32 typmod);

/* Does a column of this type need no subtransaction for its input function? */
extern bool olap_input_contained(Oid type);

/*
 * Convert text (NULL: no value), with the result in cxt.  false: the text is
 * refused, *error says why, its column excepted.  ERROR: trouble that is not the
 * text's fault.  Needs a transaction with a snapshot.  Where no subtransaction can
 * begin (olap_input_contained(), in a parallel plan before 17), the function's
 * error is raised.
 */
extern bool olap_input_call(OlapInput *input, char *text, MemoryContext cxt,
							Datum *value, OlapDecodeError *error);

#endif							/* OLAP_KAFKA_DECODER_INPUT_H */

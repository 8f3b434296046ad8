/*-------------------------------------------------------------------------
 *
 * decoder.h
 *		Messages to rows of a foreign table.
 *
 * src/ingest/kafka/decoder.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_DECODER_H
#define OLAP_KAFKA_DECODER_H

#include "ingest/source.h"

/* As the members of OlapSourceApi of the same names. */
extern OlapDecoder *olap_decoder_create(Oid foreign_table);
extern const OlapColumnType *olap_decoder_types(OlapDecoder *decoder,
												int *ncols);
extern OlapDecodeResult olap_decoder_decode(OlapDecoder *decoder,
											const OlapMessage *message,
											OlapBatch *batch,
											OlapDecodeError *error);

#endif							/* OLAP_KAFKA_DECODER_H */

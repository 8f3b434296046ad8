/*-------------------------------------------------------------------------
 *
 * emit.h
 *		From the surviving rows of a batch to slots, a column at a time.
 *
 * Why: fetching each Datum of each row by its column's representation costs
 * more than all the rest of a scan.  Here every needed column of a batch is
 * turned into an array of Datums by one tight loop, and a row is a few loads.
 *
 * src/exec/emit.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_EMIT_H
#define OLAP_EMIT_H

#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "vector/vector.h"

typedef struct OlapEmitter OlapEmitter;

/*
 * An emitter of rel's columns in needed (NULL: all), all memory in cxt.  slot
 * must be a virtual slot of rel's descriptor that nobody else stores into;
 * columns that are not needed read as NULL.
 */
extern OlapEmitter *olap_emitter_create(Relation rel, const bool *needed,
										TupleTableSlot *slot,
										MemoryContext cxt);

/*
 * An emitter into a virtual slot of another descriptor: attribute i of the slot
 * is column attnos[i] of rel, i < n, where n is all the slot has.  Such a slot
 * gets no TID.
 */
extern OlapEmitter *olap_emitter_create_mapped(const AttrNumber *attnos, int n,
											   TupleTableSlot *slot,
											   MemoryContext cxt);

/* Fetch the columns of the rows that batch->sel lists. */
extern void olap_emitter_load(OlapEmitter *emitter, OlapBatch *batch);

/*
 * Put row number pos of those into the slot.  By-reference values live until
 * the next load.
 */
extern void olap_emitter_store(OlapEmitter *emitter, uint32 pos);

/*
 * Rows that outlive their batch, to be stored in another order: room for n of
 * them, which forgets those before; the loaded rows become rows where[] of
 * these (a batch may load some of its rows now and others later); one of them
 * into the slot.
 */
extern void olap_emitter_keep_begin(OlapEmitter *emitter, uint32 n);
extern void olap_emitter_keep(OlapEmitter *emitter, const uint32 *where);
extern void olap_emitter_store_kept(OlapEmitter *emitter, uint32 i);

/* Memory that kept rows take. */
extern size_t olap_emitter_kept_bytes(const OlapEmitter *emitter);

#endif							/* OLAP_EMIT_H */

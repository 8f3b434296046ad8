/*-------------------------------------------------------------------------
 *
 * slot.h
 *		The tuple slot of olap tables.
 *
 * Why not a plain virtual slot: a row of a column store need not be taken apart
 * before somebody asks for its columns, so this slot only remembers the batch
 * and the row, and decodes up to the highest column that is asked for. And it
 * carries the inserting transaction, which foreign-key triggers, the system
 * columns and EvalPlanQual want to know.
 *
 * A slot that stands on a batch is valid until its scan or fetch moves on, as a
 * heap slot is until its page is unpinned; materialize it to keep it longer.
 *
 * src/table/slot.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_SLOT_H
#define OLAP_TABLE_SLOT_H

#include "executor/tuptable.h"

#include "table/batch.h"

extern const TupleTableSlotOps olap_slot_ops;

#define OLAP_SLOT_IS_OURS(slot) ((slot)->tts_ops == &olap_slot_ops)

/*
 * Make slot (ours, or any virtual one) row `row` of the source's batch. In a
 * slot of ours columns are decoded when asked for, in another all the needed
 * ones now and the others are NULL.
 */
extern void olap_slot_store_row(TupleTableSlot *slot, OlapBatchSource *source,
								uint32 row);

/* Make slot a delta row; by-reference values point into the tuple. */
extern void olap_slot_store_delta(TupleTableSlot *slot, Relation rel, TupleDesc desc,
								  HeapTuple tuple, TransactionId xmin,
								  CommandId cmin);

/* Remember who inserted the row in slot; nothing to do for other slots. */
extern void olap_slot_set_inserter(TupleTableSlot *slot, TransactionId xmin,
								   CommandId cmin);

/* The new version in slot is of a row that xid had locked. */
extern void olap_slot_set_locker(TupleTableSlot *slot, TransactionId xid);

/* Who inserted the row; false if the slot does not know. */
extern bool olap_slot_get_inserter(TupleTableSlot *slot, TransactionId *xmin,
								   CommandId *cmin);

/* TupleTableSlotOps.is_current_xact_tuple of newer servers. */
extern bool olap_slot_is_current_xact(TupleTableSlot *slot);

#endif							/* OLAP_TABLE_SLOT_H */

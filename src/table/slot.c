/*-------------------------------------------------------------------------
 *
 * slot.c
 *		The tuple slot of olap tables: a virtual slot that decodes late.
 *
 * src/table/slot.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "table/slot.h"

typedef struct OlapTupleTableSlot
{
	VirtualTupleTableSlot base;
	OlapBatchSource *source;	/* NULL: the values are all there */
	uint32		row;
	TransactionId xmin;			/* Invalid: not known */
	CommandId	cmin;
	TransactionId locker;		/* of a new version's old one; or Invalid */
} OlapTupleTableSlot;

static void
slot_init(TupleTableSlot *slot)
{
	TTSOpsVirtual.init(slot);
}

static void
slot_release(TupleTableSlot *slot)
{
	TTSOpsVirtual.release(slot);
}

static void
slot_clear(TupleTableSlot *slot)
{
	OlapTupleTableSlot *ours = (OlapTupleTableSlot *) slot;

	ours->source = NULL;
	ours->xmin = InvalidTransactionId;
	ours->cmin = 0;
	ours->locker = InvalidTransactionId;
	TTSOpsVirtual.clear(slot);
}

static void
slot_load(TupleTableSlot *slot, int natts)
{
	OlapTupleTableSlot *ours = (OlapTupleTableSlot *) slot;

	if (ours->source == NULL)
		elog(ERROR, "olap slot has %d columns, %d were asked for",
			 slot->tts_nvalid, natts);
	for (int col = slot->tts_nvalid; col < natts; col++)
	{
		if (col < ours->source->natts)
			olap_batch_fill_column(ours->source, ours->row, col, slot);
		else
		{
			slot->tts_values[col] = (Datum) 0;
			slot->tts_isnull[col] = true;
		}
	}
	slot->tts_nvalid = Max(slot->tts_nvalid, natts);
}

static void
slot_load_all(TupleTableSlot *slot)
{
	if (slot->tts_nvalid < slot->tts_tupleDescriptor->natts)
		slot_load(slot, slot->tts_tupleDescriptor->natts);
}

/*
 * Who deleted or updated the row: looked up when asked for, which is seldom.
 * The new version of a row that its updater had locked has the lock's, as on a
 * heap table: of INSERT ... ON CONFLICT DO UPDATE it tells which rows were new.
 */
static TransactionId
row_xmax(OlapTupleTableSlot *slot)
{
	TupleTableSlot *base = &slot->base.base;
	Relation	rel;
	OlapLogRecord change;
	bool		dead;
	TransactionId xmax = slot->locker;

	if (!OidIsValid(base->tts_tableOid) || !ItemPointerIsValid(&base->tts_tid))
		return xmax;
	rel = relation_open(base->tts_tableOid, NoLock);
	if (olap_log_row_change(rel, olap_row_of_tid(&base->tts_tid), &change,
							&dead))
		xmax = dead ? FrozenTransactionId : change.xid;
	relation_close(rel, NoLock);
	return xmax;
}

static Datum
slot_system_column(TupleTableSlot *slot, int attnum, bool *isnull)
{
	OlapTupleTableSlot *ours = (OlapTupleTableSlot *) slot;

	if (!TransactionIdIsValid(ours->xmin))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot retrieve a system column in this context")));
	*isnull = false;
	switch (attnum)
	{
		case MinTransactionIdAttributeNumber:
			return TransactionIdGetDatum(ours->xmin);
		case MaxTransactionIdAttributeNumber:
			return TransactionIdGetDatum(row_xmax(ours));
		case MinCommandIdAttributeNumber:
		case MaxCommandIdAttributeNumber:
			return CommandIdGetDatum(ours->cmin);
		default:
			elog(ERROR, "invalid attnum: %d", attnum);
	}
	return (Datum) 0;			/* not reached */
}

static void
slot_materialize(TupleTableSlot *slot)
{
	OlapTupleTableSlot *ours = (OlapTupleTableSlot *) slot;

	if (TTS_SHOULDFREE(slot))
		return;
	slot_load_all(slot);
	ours->source = NULL;
	TTSOpsVirtual.materialize(slot);
}

static void
slot_copy(TupleTableSlot *dst, TupleTableSlot *src)
{
	ItemPointerData tid = src->tts_tid;
	TransactionId xmin;
	CommandId	cmin;
	bool		known = olap_slot_get_inserter(src, &xmin, &cmin);

	slot_clear(dst);
	TTSOpsVirtual.copyslot(dst, src);
	dst->tts_tid = tid;
	if (known)
	{
		olap_slot_set_inserter(dst, xmin, cmin);
		olap_slot_set_locker(dst, ((OlapTupleTableSlot *) src)->locker);
	}
}

static HeapTuple
slot_copy_heap_tuple(TupleTableSlot *slot)
{
	OlapTupleTableSlot *ours = (OlapTupleTableSlot *) slot;
	HeapTuple	tuple;

	slot_load_all(slot);
	tuple = TTSOpsVirtual.copy_heap_tuple(slot);

	/* ANALYZE sorts its sample by TID */
	tuple->t_self = slot->tts_tid;
	tuple->t_tableOid = slot->tts_tableOid;
	if (TransactionIdIsValid(ours->xmin))
	{
		HeapTupleHeader header = tuple->t_data;

		/* all fields that a composite value uses otherwise, or none */
		header->t_infomask &= ~HEAP_XACT_MASK;
		header->t_infomask |= HEAP_XMAX_INVALID;
		HeapTupleHeaderSetXmin(header, ours->xmin);
		HeapTupleHeaderSetXmax(header, InvalidTransactionId);
		HeapTupleHeaderSetCmin(header, ours->cmin);
		header->t_ctid = slot->tts_tid;
	}
	return tuple;
}

static MinimalTuple
slot_copy_minimal_tuple(OLAP_COPY_MINIMAL_ARGS)
{
	slot_load_all(slot);
	return TTSOpsVirtual.copy_minimal_tuple(OLAP_COPY_MINIMAL_PASS);
}

bool
olap_slot_is_current_xact(TupleTableSlot *slot)
{
	OlapTupleTableSlot *ours = (OlapTupleTableSlot *) slot;

	if (!TransactionIdIsValid(ours->xmin))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("don't have transaction information in this context")));
	return TransactionIdIsCurrentTransactionId(ours->xmin);
}

const TupleTableSlotOps olap_slot_ops = {
	.base_slot_size = sizeof(OlapTupleTableSlot),
	.init = slot_init,
	.release = slot_release,
	.clear = slot_clear,
	.getsomeattrs = slot_load,
	.getsysattr = slot_system_column,
	OLAP_SLOT_IS_CURRENT_XACT(olap_slot_is_current_xact)
	.materialize = slot_materialize,
	.copyslot = slot_copy,
	.get_heap_tuple = NULL,
	.get_minimal_tuple = NULL,
	.copy_heap_tuple = slot_copy_heap_tuple,
	.copy_minimal_tuple = slot_copy_minimal_tuple,
};

/* ---- storing ---- */

/* All needed columns now, the others NULL. */
static void
fill_columns(TupleTableSlot *slot, OlapBatchSource *source, uint32 row)
{
	int			natts = slot->tts_tupleDescriptor->natts;

	for (int col = 0; col < natts; col++)
	{
		if (col < source->natts && (source->needed == NULL || source->needed[col]))
			olap_batch_fill_column(source, row, col, slot);
		else
		{
			slot->tts_values[col] = (Datum) 0;
			slot->tts_isnull[col] = true;
		}
	}
}

void
olap_slot_store_row(TupleTableSlot *slot, OlapBatchSource *source, uint32 row)
{
	ExecClearTuple(slot);
	if (OLAP_SLOT_IS_OURS(slot) && source->needed == NULL)
	{
		((OlapTupleTableSlot *) slot)->source = source;
		((OlapTupleTableSlot *) slot)->row = row;
		slot->tts_flags &= ~TTS_FLAG_EMPTY;
		slot->tts_nvalid = 0;
	}
	else
	{
		fill_columns(slot, source, row);
		ExecStoreVirtualTuple(slot);
	}
	if (source->segment != NULL)
		olap_slot_set_inserter(slot, source->xmin, source->cmin);
	else
		olap_slot_set_inserter(slot, source->xmins[row], source->cmins[row]);
	olap_tid_of_row(&slot->tts_tid, olap_batch_row_number(&source->batch, row));
	slot->tts_tableOid = RelationGetRelid(source->rel);
}

void
olap_slot_store_delta(TupleTableSlot *slot, Relation rel, TupleDesc desc,
					  HeapTuple tuple,					  TransactionId xmin, CommandId cmin)
{
	ExecClearTuple(slot);
	olap_delta_deform(rel, tuple, desc, slot->tts_values, slot->tts_isnull);
	for (int col = 0; col < desc->natts; col++)
		if (TupleDescAttr(desc, col)->attisdropped)
			slot->tts_isnull[col] = true;
	ExecStoreVirtualTuple(slot);
	olap_slot_set_inserter(slot, xmin, cmin);
	slot->tts_tid = tuple->t_self;
	slot->tts_tableOid = tuple->t_tableOid;
}

void
olap_slot_set_inserter(TupleTableSlot *slot, TransactionId xmin, CommandId cmin)
{
	if (OLAP_SLOT_IS_OURS(slot))
	{
		((OlapTupleTableSlot *) slot)->xmin = xmin;
		((OlapTupleTableSlot *) slot)->cmin = cmin;
	}
}

void
olap_slot_set_locker(TupleTableSlot *slot, TransactionId xid)
{
	if (OLAP_SLOT_IS_OURS(slot))
		((OlapTupleTableSlot *) slot)->locker = xid;
}

bool
olap_slot_get_inserter(TupleTableSlot *slot, TransactionId *xmin,
					   CommandId *cmin)
{
	if (!OLAP_SLOT_IS_OURS(slot) || TTS_EMPTY(slot))
		return false;
	*xmin = ((OlapTupleTableSlot *) slot)->xmin;
	*cmin = ((OlapTupleTableSlot *) slot)->cmin;
	return TransactionIdIsValid(*xmin);
}

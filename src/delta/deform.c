/*-------------------------------------------------------------------------
 *
 * deform.c
 *		Take delta rows apart without trusting their bytes.
 *
 * The server's heap_deform_tuple() believes lengths and offsets: a page's
 * checksum says that somebody wrote the bytes, not that he was right, and one
 * wrong length makes it read anywhere.  Here every step is compared with what
 * is left of the row, which costs a few per cent.
 *
 * src/delta/deform.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/delta.h"

bool
olap_delta_item_sound(Page page, ItemId item)
{
	uint32		offset = ItemIdGetOffset(item);
	uint32		len = ItemIdGetLength(item);
	HeapTupleHeader header;
	uint32		start = SizeofHeapTupleHeader;

	if (offset < SizeOfPageHeaderData || offset + len > BLCKSZ ||
		offset != MAXALIGN(offset) || len < SizeofHeapTupleHeader)
		return false;
	header = (HeapTupleHeader) PageGetItem(page, item);
	if (HeapTupleHeaderGetNatts(header) > MaxTupleAttributeNumber)
		return false;
	if (header->t_infomask & HEAP_HASNULL)
		start += BITMAPLEN(HeapTupleHeaderGetNatts(header));
	return header->t_hoff >= start && header->t_hoff <= len &&
		header->t_hoff == MAXALIGN(header->t_hoff);
}

pg_noreturn static void row_corrupted(Relation rel, HeapTuple tuple, int col);

static void
row_corrupted(Relation rel, HeapTuple tuple, int col)
{
	olap_corrupted(rel, "Column %d of delta row (%u,%u) does not fit the row's %u bytes.",
				   col + 1, ItemPointerGetBlockNumberNoCheck(&tuple->t_self),
				   ItemPointerGetOffsetNumberNoCheck(&tuple->t_self),
				   tuple->t_len);
}

/*
 * Bytes of the varlena at data, of which there are n, or 0 if it is not one that
 * the writer stores: neither compressed nor out of line.
 */
static inline uint32
varlena_bytes(const char *data, uint32 n)
{
	uint32		size;

	if (VARATT_IS_1B(data))
		return VARATT_IS_1B_E(data) ? 0 : VARSIZE_1B(data);
	if (n < VARHDRSZ || VARATT_IS_4B_C(data))
		return 0;
	size = VARSIZE_4B(data);
	return size < VARHDRSZ ? 0 : size;
}

/*
 * The attribute that begins at or behind *offset of data[len]: moves *offset
 * behind it.  False if it does not fit.
 */
static inline bool
next_value(Form_pg_attribute att, const char *data, uint32 len, uint32 *offset,
		   Datum *value)
{
	uint32		at = *offset;
	uint32		size;

	/* a byte that is not zero is a short varlena's, which is not aligned */
	if (att->attlen != -1 || at >= len || !VARATT_NOT_PAD_BYTE(data + at))
		at = att_align_nominal(at, att->attalign);
	if (at > len)
		return false;
	if (att->attlen > 0)
		size = att->attlen;
	else if (att->attlen == -1)
	{
		if (at == len)
			return false;
		size = varlena_bytes(data + at, len - at);
		if (size == 0)
			return false;
	}
	else
		size = strnlen(data + at, len - at) + 1;
	if (size > len - at)
		return false;
	*value = fetchatt(att, data + at);
	*offset = at + size;
	return true;
}

/*
 * Walk through columns below n and keep those from `first` on; what is behind
 * the row's own columns is left to the caller.  Returns the columns there are.
 */
static inline int
walk(Relation rel, HeapTuple tuple, TupleDesc desc, int first, int n,
	 Datum *values, bool *isnull)
{
	HeapTupleHeader header = tuple->t_data;
	const char *data = (const char *) header + header->t_hoff;
	uint32		len = tuple->t_len - header->t_hoff;
	bool		nulls = HeapTupleHasNulls(tuple);
	uint32		offset = 0;

	n = Min(n, HeapTupleHeaderGetNatts(header));
	for (int col = 0; col < n; col++)
	{
		bool		null = nulls && att_isnull(col, header->t_bits);
		Datum		value = (Datum) 0;

		if (!null && !next_value(TupleDescAttr(desc, col), data, len, &offset,
								 &value))
			row_corrupted(rel, tuple, col);
		if (col >= first)
		{
			values[col - first] = value;
			isnull[col - first] = null;
		}
	}
	return n;
}

void
olap_delta_deform(Relation rel, HeapTuple tuple, TupleDesc desc, Datum *values,
				  bool *isnull)
{
	for (int col = walk(rel, tuple, desc, 0, desc->natts, values, isnull);
		 col < desc->natts; col++)
		values[col] = getmissingattr(desc, col + 1, &isnull[col]);
}

Datum
olap_delta_value(Relation rel, HeapTuple tuple, TupleDesc desc, int col,
				 bool *isnull)
{
	Datum		value;

	if (walk(rel, tuple, desc, col, col + 1, &value, isnull) <= col)
		value = getmissingattr(desc, col + 1, isnull);
	return value;
}

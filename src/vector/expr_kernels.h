/*-------------------------------------------------------------------------
 *
 * expr_kernels.h
 *		Inner loops of predicates: one type, one test, one byte a row.
 *
 * Every kernel narrows mask (0 or 1 a row): mask[i] &= test(v[i]) ^ flip.
 * Rows that are NULL hold some value; the caller clears them afterwards.
 *
 * src/vector/expr_kernels.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_EXPR_KERNELS_H
#define OLAP_EXPR_KERNELS_H

/* lo <= v <= lo + span, in the type's own order */
#define OLAP_RANGE_KERNEL(name, ctype, utype) \
extern void olap_range_##name(uint8 *restrict mask, const ctype *restrict v, \
							  uint32 n, ctype lo, utype span, uint8 flip)

OLAP_RANGE_KERNEL(i8, int8, uint8);
OLAP_RANGE_KERNEL(u8, uint8, uint8);
OLAP_RANGE_KERNEL(i16, int16, uint16);
OLAP_RANGE_KERNEL(i32, int32, uint32);
OLAP_RANGE_KERNEL(u32, uint32, uint32);
OLAP_RANGE_KERNEL(i64, int64, uint64);

/* v < c, v <= c, v = c by IEEE rules (false of NaN), and "v is a NaN" */
#define OLAP_FLOAT_KERNELS(name, ctype) \
extern void olap_lt_##name(uint8 *restrict mask, const ctype *restrict v, \
						   uint32 n, double c, uint8 flip); \
extern void olap_le_##name(uint8 *restrict mask, const ctype *restrict v, \
						   uint32 n, double c, uint8 flip); \
extern void olap_eq_##name(uint8 *restrict mask, const ctype *restrict v, \
						   uint32 n, double c, uint8 flip); \
extern void olap_nan_##name(uint8 *restrict mask, const ctype *restrict v, \
							uint32 n, uint8 flip)

OLAP_FLOAT_KERNELS(f32, float);
OLAP_FLOAT_KERNELS(f64, double);

/* a < b and a = b of two columns, in the server's order (NaN = NaN, above) */
#define OLAP_COLUMN_KERNELS(name, ctype) \
extern void olap_col_lt_##name(uint8 *restrict mask, const ctype *restrict a, \
							   const ctype *restrict b, uint32 n, uint8 flip); \
extern void olap_col_eq_##name(uint8 *restrict mask, const ctype *restrict a, \
							   const ctype *restrict b, uint32 n, uint8 flip)

OLAP_COLUMN_KERNELS(i8, int8);
OLAP_COLUMN_KERNELS(u8, uint8);
OLAP_COLUMN_KERNELS(i16, int16);
OLAP_COLUMN_KERNELS(i32, int32);
OLAP_COLUMN_KERNELS(u32, uint32);
OLAP_COLUMN_KERNELS(i64, int64);
OLAP_COLUMN_KERNELS(f32, float);
OLAP_COLUMN_KERNELS(f64, double);

/* One byte a row from a validity bitmap: mask[i] &= valid bit i ^ flip. */
extern void olap_mask_valid(uint8 *restrict mask, const uint64 *restrict valid,
							uint32 n, uint8 flip);

/* mask[i] &= answers[codes[i]] ^ flip; a code at or above limit counts as 0. */
extern void olap_mask_codes(uint8 *restrict mask, const uint32 *restrict codes,
							uint32 n, const uint8 *restrict answers,
							uint32 limit, uint8 flip);

/* to |= from; to &= ~from */
extern void olap_mask_or(uint8 *restrict to, const uint8 *restrict from,
						 uint32 n);
extern void olap_mask_and_not(uint8 *restrict to, const uint8 *restrict from,
							  uint32 n);
extern uint32 olap_mask_count(const uint8 *restrict mask, uint32 n);

/* Positions of the ones; sel has room for n. */
extern uint32 olap_mask_to_sel(const uint8 *restrict mask, uint32 n,
							   uint16 *restrict sel);

#endif							/* OLAP_EXPR_KERNELS_H */

/*-------------------------------------------------------------------------
 *
 * group_kernels.h
 *		Inner loops of the group table: codes of a key's values.
 *
 * A value's code is v - base + offset.  Every kernel returns whether some value
 * lies outside of base .. base + last; its code is then worthless.
 *
 * src/vector/group_kernels.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_GROUP_KERNELS_H
#define OLAP_GROUP_KERNELS_H

#include "vector/vector.h"

/*
 * index[i] = or += code * radix.  Of the narrow types, base and base + last lie
 * in int32, or uint32 if the type is unsigned.
 */
#define OLAP_INDEX_KERNEL(name, ctype) \
extern bool olap_index_##name(uint32 *restrict index, \
							  const ctype *restrict v, uint32 n, int64 base, \
							  uint64 last, uint32 offset, uint32 radix, \
							  bool add)

OLAP_INDEX_KERNEL(i8, int8);
OLAP_INDEX_KERNEL(u8, uint8);
OLAP_INDEX_KERNEL(i16, int16);
OLAP_INDEX_KERNEL(i32, int32);
OLAP_INDEX_KERNEL(u32, uint32);
OLAP_INDEX_KERNEL(i64, int64);

/* packed[i] = or |= code << shift */
#define OLAP_PACK_KERNEL(name, ctype) \
extern bool olap_pack_##name(uint64 *restrict packed, \
							 const ctype *restrict v, uint32 n, int64 base, \
							 uint64 last, uint32 offset, int shift, bool add)

OLAP_PACK_KERNEL(i8, int8);
OLAP_PACK_KERNEL(u8, uint8);
OLAP_PACK_KERNEL(i16, int16);
OLAP_PACK_KERNEL(i32, int32);
OLAP_PACK_KERNEL(u32, uint32);
OLAP_PACK_KERNEL(i64, int64);

/* The same with NULLs (live[i] = 0), whose code is 0; offset is 1. */
extern bool olap_index_live(uint32 *restrict index, const int64 *restrict words,
							const uint8 *restrict live, uint32 n, int64 base,
							uint64 last, uint32 radix, bool add);
extern bool olap_pack_live(uint64 *restrict packed,
						   const int64 *restrict words,
						   const uint8 *restrict live, uint32 n, int64 base,
						   uint64 last, int shift, bool add);

/* Numbers as codes. */
extern void olap_index_numbers(uint32 *restrict index,
							   const uint32 *restrict numbers, uint32 n,
							   uint32 radix, bool add);
extern void olap_pack_numbers(uint64 *restrict packed,
							  const uint32 *restrict numbers, uint32 n,
							  int shift, bool add);

/* out[i] = map[index[i]]; returns the greatest. */
extern uint32 olap_look_up(uint32 *restrict out, const uint32 *restrict map,
						   const uint32 *restrict index, uint32 n);

/* The same; an index not below limit counts as 0. */
extern uint32 olap_look_up_codes(uint32 *restrict out,
								 const uint32 *restrict map, uint32 limit,
								 const uint32 *restrict codes, uint32 n);

/* numbers[i] = number where live[i] is 0. */
extern void olap_set_dead(uint32 *restrict numbers, const uint8 *restrict live,
						  uint32 n, uint32 number);

#endif							/* OLAP_GROUP_KERNELS_H */

/*-------------------------------------------------------------------------
 *
 * group_kernels.c
 *		Inner loops of the group table.
 *
 * src/vector/group_kernels.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "vector/group_kernels.h"

/*
 * wide: the type that codes are computed in.  base .. base + last are values of
 * a domain that wide numbers one to one, so no other value of it has a code up
 * to last.
 */
#define INDEX(name, ctype, wide) \
OLAP_KERNEL bool \
olap_index_##name(uint32 *restrict index, const ctype *restrict v, uint32 n, \
				  int64 base, uint64 last, uint32 offset, uint32 radix, \
				  bool add) \
{ \
	wide		bad = 0; \
	if (add) \
		for (uint32 i = 0; i < n; i++) \
		{ \
			wide		code = (wide) v[i] - (wide) base; \
			bad |= code > (wide) last; \
			index[i] += ((uint32) code + offset) * radix; \
		} \
	else \
		for (uint32 i = 0; i < n; i++) \
		{ \
			wide		code = (wide) v[i] - (wide) base; \
			bad |= code > (wide) last; \
			index[i] = ((uint32) code + offset) * radix; \
		} \
	return bad != 0; \
}

INDEX(i8, int8, uint32)
INDEX(u8, uint8, uint32)
INDEX(i16, int16, uint32)
INDEX(i32, int32, uint32)
INDEX(u32, uint32, uint32)
INDEX(i64, int64, uint64)

#define PACK(name, ctype) \
OLAP_KERNEL bool \
olap_pack_##name(uint64 *restrict packed, const ctype *restrict v, uint32 n, \
				 int64 base, uint64 last, uint32 offset, int shift, bool add) \
{ \
	uint64		bad = 0; \
	if (add) \
		for (uint32 i = 0; i < n; i++) \
		{ \
			uint64		code = (uint64) (int64) v[i] - (uint64) base; \
			bad |= code > last; \
			packed[i] |= (code + offset) << shift; \
		} \
	else \
		for (uint32 i = 0; i < n; i++) \
		{ \
			uint64		code = (uint64) (int64) v[i] - (uint64) base; \
			bad |= code > last; \
			packed[i] = (code + offset) << shift; \
		} \
	return bad != 0; \
}

PACK(i8, int8)
PACK(u8, uint8)
PACK(i16, int16)
PACK(i32, int32)
PACK(u32, uint32)
PACK(i64, int64)

OLAP_KERNEL bool
olap_index_live(uint32 *restrict index, const int64 *restrict words,
				const uint8 *restrict live, uint32 n, int64 base, uint64 last,
				uint32 radix, bool add)
{
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		code = (uint64) words[i] - (uint64) base;
		uint32		own = live[i] ? ((uint32) code + 1) * radix : 0;

		bad |= (code > last) & live[i];
		index[i] = add ? index[i] + own : own;
	}
	return bad != 0;
}

OLAP_KERNEL bool
olap_pack_live(uint64 *restrict packed, const int64 *restrict words,
			   const uint8 *restrict live, uint32 n, int64 base, uint64 last,
			   int shift, bool add)
{
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		code = (uint64) words[i] - (uint64) base;
		uint64		own = live[i] ? (code + 1) << shift : 0;

		bad |= (code > last) & live[i];
		packed[i] = add ? packed[i] | own : own;
	}
	return bad != 0;
}

OLAP_KERNEL void
olap_index_numbers(uint32 *restrict index, const uint32 *restrict numbers,
				   uint32 n, uint32 radix, bool add)
{
	if (add)
		for (uint32 i = 0; i < n; i++)
			index[i] += numbers[i] * radix;
	else
		for (uint32 i = 0; i < n; i++)
			index[i] = numbers[i] * radix;
}

OLAP_KERNEL void
olap_pack_numbers(uint64 *restrict packed, const uint32 *restrict numbers,
				  uint32 n, int shift, bool add)
{
	if (add)
		for (uint32 i = 0; i < n; i++)
			packed[i] |= (uint64) numbers[i] << shift;
	else
		for (uint32 i = 0; i < n; i++)
			packed[i] = (uint64) numbers[i] << shift;
}

OLAP_KERNEL uint32
olap_look_up(uint32 *restrict out, const uint32 *restrict map,
			 const uint32 *restrict index, uint32 n)
{
	uint32		greatest = 0;

	for (uint32 i = 0; i < n; i++)
	{
		out[i] = map[index[i]];
		greatest = greatest > out[i] ? greatest : out[i];
	}
	return greatest;
}

OLAP_KERNEL uint32
olap_look_up_codes(uint32 *restrict out, const uint32 *restrict map,
				   uint32 limit, const uint32 *restrict codes, uint32 n)
{
	uint32		greatest = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint32		code = codes[i] < limit ? codes[i] : 0;

		out[i] = map[code];
		greatest = greatest > out[i] ? greatest : out[i];
	}
	return greatest;
}

OLAP_KERNEL void
olap_set_dead(uint32 *restrict numbers, const uint8 *restrict live, uint32 n,
			  uint32 number)
{
	for (uint32 i = 0; i < n; i++)
		numbers[i] = live[i] ? numbers[i] : number;
}

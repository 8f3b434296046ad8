/*-------------------------------------------------------------------------
 *
 * bloom.h
 *		Split-block bloom filters: is a value certainly not in a chunk?
 *
 * When it pays: equality with one of many values that are scattered over the
 * table, so that bounds exclude nothing and a row group has few of them. A
 * probe reads 32 bytes of one page.
 *
 * A filter is blocks of eight 32-bit words. A hash's upper half chooses the
 * block, its lower half a bit of each word; so a probe touches one cache line.
 * With 10 bits a value 1.3 % of absent values are taken for present.
 *
 * Source: Putze, Sanders & Singler 2007, "Cache-, hash- and space-efficient
 * bloom filters"; block and salts as in Apache Parquet's specification.  Hashes
 * are those of sketch/value_hash.h.
 *
 * src/index/bloom.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BLOOM_H
#define OLAP_BLOOM_H

#include "index/zone.h"
#include "sketch/value_hash.h"

#define OLAP_BLOOM_BITS 10		/* for each different value */
#define OLAP_BLOOM_BLOCK 32		/* bytes */
/* Constants of an IN list that are looked up; more exclude too little. */
#define OLAP_BLOOM_MAX_PROBES 32

/* Bytes of a filter for so many different values: some blocks. */
extern size_t olap_bloom_size(uint32 values);

/* Add hashes[n] to a filter, zeros at first, of so many bytes, 4-byte aligned. */
extern void olap_bloom_add(uint8 *bloom, size_t size, const uint64 *hashes,
						   uint32 n);

/* Where the block of a hash is in a filter of size bytes. */
extern size_t olap_bloom_block(size_t size, uint64 hash);

/* May the hash's value be in the filter?  block: OLAP_BLOOM_BLOCK bytes. */
extern bool olap_bloom_block_has(const uint8 *block, uint64 hash);

/* Can quals of a column with these zones look up values hashed like that? */
extern bool olap_bloom_fits(OlapZoneKind zone, OlapHashKind hash);

/* The hash of constant i of a qual that fits. */
extern uint64 olap_bloom_hash(const OlapZoneQual *qual, int i);

#endif							/* OLAP_BLOOM_H */

/*-------------------------------------------------------------------------
 *
 * registers.h
 *		The estimate that a HyperLogLog's registers give.
 *
 * Source: Ertl 2017, "New cardinality estimation algorithms for HyperLogLog
 * sketches", algorithm 6 (the improved raw estimator): good from zero to the
 * end of the hashes, without tables and thresholds.
 *
 * src/sketch/registers.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_REGISTERS_H
#define OLAP_REGISTERS_H

/*
 * counts[max_rank + 1]: registers with each rank; m: their number.  0 if the
 * counts make no sense.
 */
extern double olap_registers_estimate(const uint32 *counts, int max_rank,
									  double m);

#endif							/* OLAP_REGISTERS_H */

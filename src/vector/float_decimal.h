/*-------------------------------------------------------------------------
 *
 * float_decimal.h
 *		Floats as numeric(precision, scale): scaled integers.
 *
 * src/vector/float_decimal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_FLOAT_DECIMAL_H
#define OLAP_FLOAT_DECIMAL_H

/*
 * What the server's casts of real (_f32) and double precision (_f64) to
 * numeric(precision, scale) give, times 10 ^ scale: a value is written with 6 or
 * 15 significant digits first, and these are rounded, halves away from zero.
 *
 * Shapes:	out[n], values[n], valid as an OlapVector's.
 * Units:	0 <= scale <= 18; limit is 10 ^ precision, at most 10 ^ 18.
 * Errors:	false if a row that is not NULL is NaN, infinite, or beyond limit.
 */
extern bool olap_decimal_from_f32(int64 *out, const float *values,
								  const uint64 *valid, uint32 n, int scale,
								  int64 limit);
extern bool olap_decimal_from_f64(int64 *out, const double *values,
								  const uint64 *valid, uint32 n, int scale,
								  int64 limit);

#endif							/* OLAP_FLOAT_DECIMAL_H */

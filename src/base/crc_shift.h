/*-------------------------------------------------------------------------
 *
 * crc_shift.h
 *		CRC-32C of a block of which a few bytes change.
 *
 * src/base/crc_shift.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_CRC_SHIFT_H
#define OLAP_BASE_CRC_SHIFT_H

/*
 * What becomes of the register crc when n bytes 0 follow, n < 32,768.
 *
 * A CRC is linear: that of two blocks of one length differ by that of their
 * difference, with an initial register of 0.  So if bytes a in front of n others
 * become b, the CRC changes by olap_crc_shift(crc(a) ^ crc(b), n).
 *
 * Source: Mark Adler's way to combine CRCs (zlib's crc32_combine).
 */
extern uint32 olap_crc_shift(uint32 crc, uint32 n);

#endif							/* OLAP_BASE_CRC_SHIFT_H */

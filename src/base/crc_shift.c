/*-------------------------------------------------------------------------
 *
 * crc_shift.c
 *		CRC-32C of a block of which a few bytes change.
 *
 * A register is a polynomial over GF(2), its highest power in bit 0; a byte 0 more
 * multiplies it by x^8, modulo the polynomial of CRC-32C.
 *
 * src/base/crc_shift.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/crc_shift.h"

#define POLYNOMIAL 0x82f63b78	/* without x^32 */
#define ONE 0x80000000			/* x^0 */

/* A distance is high * LOW + low. */
#define LOW 128
#define HIGH 256

/* a * b modulo the polynomial: without branches, as bits are random. */
static uint32
multiply(uint32 a, uint32 b)
{
	uint32		product = 0;

	for (int bit = 31; bit >= 0; bit--)
	{
		product ^= b & -(a >> bit & 1);
		b = (b >> 1) ^ (POLYNOMIAL & -(b & 1));
	}
	return product;
}

static void
fill_powers(uint32 *powers, int n, uint32 step)
{
	powers[0] = ONE;
	for (int i = 1; i < n; i++)
		powers[i] = multiply(powers[i - 1], step);
}

uint32
olap_crc_shift(uint32 crc, uint32 n)
{
	static uint32 low[LOW];		/* x^(8 * i) */
	static uint32 high[HIGH];	/* x^(8 * LOW * i) */

	Assert(n < LOW * HIGH);
	if (low[0] == 0)
	{
		fill_powers(low, LOW, ONE >> 8);
		fill_powers(high, HIGH, multiply(low[LOW - 1], ONE >> 8));
	}
	return multiply(multiply(low[n % LOW], high[n / LOW]), crc);
}

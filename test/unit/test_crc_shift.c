/*
 * test/unit/test_crc_shift.c
 *		The CRC of a block follows from what changed in it.
 */
#include "postgres.h"

#include "port/pg_crc32c.h"

#include "base/crc_shift.h"
#include "codec_shapes.h"
#include "unit.h"

#define SIZE 8192

static uint32
crc_of(const uint8 *bytes, size_t n)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, n);
	FIN_CRC32C(crc);
	return crc;
}

/* With a register of 0 before, and none of it inverted. */
static uint32
plain_crc(const uint8 *bytes, size_t n)
{
	pg_crc32c	crc = 0;

	COMP_CRC32C(crc, bytes, n);
	return crc;
}

static void
zeros_that_follow_multiply(void)
{
	static uint8 bytes[32768 + 8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8) scramble((uint32) i);
	for (uint32 n = 0; n < 32768; n += n < 300 ? 1 : 97)
		CHECK_INT(olap_crc_shift(plain_crc(bytes, 8), n), plain_crc(bytes, 8 + n));
	CHECK_INT(olap_crc_shift(plain_crc(bytes, 8), 32767),
			  plain_crc(bytes, 8 + 32767));
	CHECK_INT(olap_crc_shift(0, 77), 0);
}

static void
a_change_anywhere_shifts_to_the_end(void)
{
	uint8		bytes[SIZE];

	for (int i = 0; i < SIZE; i++)
		bytes[i] = (uint8) scramble((uint32) i);
	for (uint32 round = 0; round < 500; round++)
	{
		uint32		len = 1 + scramble(round) % 40;
		uint32		at = (uint32) (scramble(round + 1000) % (SIZE - len + 1));
		uint32		crc = crc_of(bytes, SIZE);
		uint32		before = plain_crc(bytes + at, len);

		for (uint32 i = 0; i < len; i++)
			bytes[at + i] = (uint8) scramble(round * 64 + i);
		crc ^= olap_crc_shift(before ^ plain_crc(bytes + at, len), SIZE - at - len);
		CHECK_INT(crc, crc_of(bytes, SIZE));
	}
}

int
main(void)
{
	RUN(zeros_that_follow_multiply);
	RUN(a_change_anywhere_shifts_to_the_end);
	return DONE();
}

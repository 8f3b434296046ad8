/*
 * test/unit/test_decimal.c
 *		numeric <-> scaled int64 keeps every byte, and refuses what it cannot.
 */
#include "postgres.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/vector.h"

typedef union Image
{
	char		bytes[OLAP_DECIMAL_MAX_SIZE];
	uint32		align;
} Image;

/* The varlena of a numeric with this header and these digits. */
static const void *
image(Image *buf, uint16 header, int ndigits, const uint16 *digits)
{
	SET_VARSIZE(buf->bytes, VARHDRSZ + 2 + 2 * ndigits);
	memcpy(buf->bytes + 4, &header, 2);
	if (ndigits > 0)
		memcpy(buf->bytes + 6, digits, 2 * ndigits);
	return buf->bytes;
}

static void
check_image(int64 value, int scale, uint16 header, int ndigits,
			const uint16 *digits)
{
	Image		expected;
	Image		got;
	int			len;
	int64		back = value + 1;

	image(&expected, header, ndigits, digits);
	len = olap_decimal_from_i64(value, scale, got.bytes);
	CHECK_INT(len, VARSIZE(expected.bytes));
	CHECK(memcmp(got.bytes, expected.bytes, len) == 0);
	CHECK(olap_decimal_to_i64(expected.bytes, scale, &back));
	CHECK_INT(back, value);
}

#define DIGITS(...) \
	sizeof((uint16[]) {__VA_ARGS__}) / 2, (const uint16[]) {__VA_ARGS__}

/*
 * Byte images as pageinspect shows them for numerics stored by PostgreSQL 15:
 * 1, -1, 10000, 1.50, 0.0001, -0.000001, 1234567.89.
 */
static void
known_images(void)
{
	check_image(1, 0, 0x8000, DIGITS(1));
	check_image(-1, 0, 0xA000, DIGITS(1));
	check_image(10000, 0, 0x8001, DIGITS(1));
	check_image(150, 2, 0x8100, DIGITS(1, 5000));
	check_image(1, 4, 0x827F, DIGITS(1));
	check_image(-1, 6, 0xA37E, DIGITS(100));
	check_image(123456789, 2, 0x8101, DIGITS(123, 4567, 8900));
}

/* Zero has no digits, whatever its scale. */
static void
zero_has_no_digits(void)
{
	for (int scale = 0; scale <= 18; scale++)
		check_image(0, scale, 0x8000 | scale << 7, 0, NULL);
}

static void
extremes(void)
{
	check_image(PG_INT64_MAX, 0, 0x8004, DIGITS(922, 3372, 368, 5477, 5807));
	check_image(PG_INT64_MIN, 0, 0xA004, DIGITS(922, 3372, 368, 5477, 5808));
	check_image(PG_INT64_MAX, 18, 0x8900, DIGITS(9, 2233, 7203, 6854, 7758, 700));
	check_image(PG_INT64_MIN, 17, 0xA880, DIGITS(92, 2337, 2036, 8547, 7580, 8000));
}

/* Any value at any scale survives. */
static void
random_round_trips(void)
{
	for (int i = 0; i < 200000; i++)
	{
		int64		value = (int64) unit_random() >> (unit_random() % 64);
		int			scale = unit_random() % 19;
		Image		buf;
		int64		back;
		int			len = olap_decimal_from_i64(value, scale, buf.bytes);

		CHECK(len <= OLAP_DECIMAL_MAX_SIZE);
		CHECK(olap_decimal_to_i64(buf.bytes, scale, &back));
		CHECK_INT(back, value);
	}
}

static bool
fits(uint16 header, int scale, int ndigits, const uint16 *digits)
{
	Image		buf;
	int64		value;

	return olap_decimal_to_i64(image(&buf, header, ndigits, digits), scale,
							   &value);
}

static void
special_values_are_refused(void)
{
	CHECK(!fits(0xC000, 0, 0, NULL));	/* NaN */
	CHECK(!fits(0xD000, 0, 0, NULL));	/* infinity */
	CHECK(!fits(0xF000, 0, 0, NULL));	/* -infinity */
}

/* The long form, though the value would fit: its bytes would change. */
static void
long_form_is_refused(void)
{
	CHECK(!fits(0x0000, 0, DIGITS(0, 1)));
	CHECK(!fits(0x4000, 0, DIGITS(0, 1)));
}

static void
other_scale_is_refused(void)
{
	CHECK(fits(0x8100, 2, DIGITS(1)));
	CHECK(!fits(0x8100, 3, DIGITS(1)));
	CHECK(!fits(0x8100, 1, DIGITS(1)));
}

static void
overflow_is_refused(void)
{
	CHECK(!fits(0x8004, 0, DIGITS(922, 3372, 368, 5477, 5808)));
	CHECK(!fits(0xA004, 0, DIGITS(922, 3372, 368, 5477, 5809)));
	CHECK(!fits(0x8005, 0, DIGITS(1)));
	CHECK(!fits(0x803F, 0, DIGITS(1)));
	CHECK(!fits(0x8005, 0, DIGITS(9999, 9999, 9999, 9999, 9999, 9999)));
}

/* Digits below the display scale, zeros at the ends, odd lengths, -0. */
static void
irregular_images_are_refused(void)
{
	Image		buf;
	int64		value;

	CHECK(!fits(0x8100, 2, DIGITS(1, 5050)));
	CHECK(!fits(0x8000, 0, DIGITS(0, 1)));
	CHECK(!fits(0x8001, 0, DIGITS(1, 0)));
	CHECK(!fits(0x8000, 0, DIGITS(10000)));
	CHECK(!fits(0xA000, 0, 0, NULL));
	CHECK(!fits(0x8001, 0, 0, NULL));
	image(&buf, 0x8000, DIGITS(1));
	SET_VARSIZE(buf.bytes, 7);
	CHECK(!olap_decimal_to_i64(buf.bytes, 0, &value));
	SET_VARSIZE(buf.bytes, 4);
	CHECK(!olap_decimal_to_i64(buf.bytes, 0, &value));
}

/* Values stored with a one-byte header are read as well. */
static void
short_varlena_is_read(void)
{
	char		buf[8] = {0};
	uint16		header = 0x8100;
	uint16		digit = 7;
	int64		value = 0;

	SET_VARSIZE_SHORT(buf, 5);
	memcpy(buf + 1, &header, 2);
	memcpy(buf + 3, &digit, 2);
	CHECK(olap_decimal_to_i64(buf, 2, &value));
	CHECK_INT(value, 700);
}

int
main(void)
{
	RUN(known_images);
	RUN(zero_has_no_digits);
	RUN(extremes);
	RUN(random_round_trips);
	RUN(special_values_are_refused);
	RUN(long_form_is_refused);
	RUN(other_scale_is_refused);
	RUN(overflow_is_refused);
	RUN(irregular_images_are_refused);
	RUN(short_varlena_is_read);
	return DONE();
}

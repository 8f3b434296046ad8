/*
 * test/unit/test_text_in.c
 *		Common texts of values are read, all others are left to the input functions.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "unit.h"
#include "vector/text_in.h"

static void
uuids(void)
{
	static const char text[] = "0123abCD-4567-89ab-cdef-FEDCBA987654";
	static const uint8 bytes[] = {0x01, 0x23, 0xab, 0xcd, 0x45, 0x67, 0x89, 0xab,
	0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54};
	uint8		out[16];

	CHECK(olap_text_uuid(text, out));
	CHECK(memcmp(out, bytes, 16) == 0);

	/* any other byte anywhere, and every text that ends before */
	for (size_t i = 0; i < sizeof(text) - 1; i++)
	{
		for (int c = 0; c < 256; c++)
		{
			char		other[sizeof(text)];
			bool		hyphen = text[i] == '-';
			bool		digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
				(c >= 'A' && c <= 'F');

			memcpy(other, text, sizeof(text));
			other[i] = (char) c;
			CHECK(olap_text_uuid(other, out) == (hyphen ? c == '-' : digit));
		}
	}
	CHECK(!olap_text_uuid("0123abCD-4567-89ab-cdef-FEDCBA987654 ", out));
	CHECK(!olap_text_uuid("{0123abCD-4567-89ab-cdef-FEDCBA987654}", out));
	CHECK(!olap_text_uuid("0123abCD456789abcdefFEDCBA987654", out));
}

static void
dates(void)
{
	int32		day;

	CHECK(olap_text_date("2000-01-01", &day));
	CHECK_INT(day, 0);
	CHECK(olap_text_date("1970-01-01", &day));
	CHECK_INT(day, -10957);
	CHECK(olap_text_date("2000-02-29", &day));
	CHECK_INT(day, 59);
	CHECK(olap_text_date("9999-12-31", &day));
	CHECK_INT(day, 2921939);
	CHECK(olap_text_date("1000-01-01", &day));
	CHECK_INT(day, -365242);
	for (const char *const *text = (const char *const[]) {"1900-02-29", "2001-02-29",
		 "2000-04-31", "2000-00-01", "2000-13-01", "2000-01-00", "2000-01-32", "0999-01-01",
		 "20000-01-01", "2000-1-01", "2000-01-1", "2000-01-01 ", " 2000-01-01", "01-01-2000",
		 "2000/01/01", "2000-01-01 BC", "2000-01", "2000", "", "now", "infinity", NULL};
		 *text != NULL; text++)
		CHECK(!olap_text_date(*text, &day));
}

static void
times(void)
{
	OlapTextTime t;

	CHECK(olap_text_time("2000-01-02 03:04:05", &t));
	CHECK_INT(t.local, INT64CONST(97445000000));
	CHECK(!t.has_offset);
	CHECK(olap_text_time("2000-01-02T03:04:05.5", &t));
	CHECK_INT(t.local, INT64CONST(97445500000));
	CHECK(olap_text_time("2000-01-02 03:04:05.000001Z", &t));
	CHECK_INT(t.local, INT64CONST(97445000001));
	CHECK(t.has_offset && t.east == 0);
	CHECK(olap_text_time("2000-01-02 03:04:05+05:30", &t));
	CHECK_INT(t.local, INT64CONST(97445000000));
	CHECK(t.has_offset && t.east == 19800);
	CHECK(olap_text_time("1999-12-31 23:59:59.999999-11", &t));
	CHECK_INT(t.local, -1);
	CHECK(t.has_offset && t.east == -39600);
	CHECK(t.year == 1999 && t.month == 12 && t.day == 31 && t.hour == 23 && t.minute == 59 &&
		  t.second == 59);
	for (const char *const *text = (const char *const[]) {"2000-01-02", "2000-01-02 ",
		 "2000-01-02 03", "2000-01-02 03:04", "2000-01-02 03:04:", "2000-01-02 03:04:5",
		 "2000-01-02 24:00:00", "2000-01-02 03:60:00", "2000-01-02 03:04:60",
		 "2000-01-02 03:04:05.", "2000-01-02 03:04:05.1234567", "2000-01-02  03:04:05",
		 "2000-01-02 03:04:05 ", "2000-01-02 03:04:05 +01", "2000-01-02 03:04:05+1",
		 "2000-01-02 03:04:05+0130", "2000-01-02 03:04:05+15", "2000-01-02 03:04:05+01:60",
		 "2000-01-02 03:04:05+01:30:00", "2000-01-02 03:04:05z", "2000-01-02 03:04:05 UTC",
		 "2000-01-02 03:04:05 PM", "2000-02-30 03:04:05", NULL};
		 *text != NULL; text++)
		CHECK(!olap_text_time(*text, &t));
}

static void
floats(void)
{
	double		f;

	CHECK(olap_text_float8("0", &f) && f == 0 && !signbit(f));
	CHECK(olap_text_float8("-0.0", &f) && f == 0 && signbit(f));
	CHECK(olap_text_float8("999999999999999", &f) && f == 999999999999999.0);
	CHECK(olap_text_float8("0.0000000000000000000001", &f) && f == 1e-22);
	CHECK(olap_text_float8("000000000000000000000000012.50", &f) && f == 12.5);
	CHECK(!olap_text_float8("1000000000000000", &f));
	CHECK(!olap_text_float8("0.00000000000000000000001", &f));

	/* to the last bit what the C library reads */
	for (int i = 0; i < 100000; i++)
	{
		char		text[64];
		uint64		digits = unit_random() % UINT64CONST(1000000000000000);
		int			behind = (int) (unit_random() % 16);
		double		divided;

		for (int k = 0; k < (int) (unit_random() % 15); k++)
			digits /= 10;
		snprintf(text, sizeof(text), "%s%0*llu", i % 2 ? "-" : "", behind + 1,
				 (unsigned long long) digits);
		if (behind > 0)
		{
			char	   *point = text + strlen(text) - behind;

			memmove(point + 1, point, behind + 1);
			*point = '.';
		}
		divided = strtod(text, NULL);
		CHECK(olap_text_float8(text, &f));
		CHECK(memcmp(&f, &divided, sizeof(f)) == 0);
	}
	for (const char *const *text = (const char *const[]) {"", "-", ".", ".5", "5.", "+5", "--5",
		 "1e5", "1E5", " 5", "5 ", "0x1p3", "NaN", "inf", "-inf", "1_000", "1,5", NULL};
		 *text != NULL; text++)
		CHECK(!olap_text_float8(*text, &f));
}

static void
decimals(void)
{
	int64		v;
	int			scale;

	CHECK(olap_text_decimal("999999999999999999", &v, &scale));
	CHECK_INT(v, INT64CONST(999999999999999999));
	CHECK_INT(scale, 0);
	CHECK(olap_text_decimal("-0.000000000000000001", &v, &scale));
	CHECK_INT(v, -1);
	CHECK_INT(scale, 18);
	CHECK(olap_text_decimal("-0.00", &v, &scale));
	CHECK_INT(v, 0);
	CHECK_INT(scale, 2);
	CHECK(olap_text_decimal("0000000000000000000000123.4500", &v, &scale));
	CHECK_INT(v, 1234500);
	CHECK_INT(scale, 4);
	CHECK(!olap_text_decimal("1000000000000000000", &v, &scale));
	CHECK(!olap_text_decimal("0.0000000000000000000", &v, &scale));
	CHECK(!olap_text_decimal("1e2", &v, &scale));
	CHECK(!olap_text_decimal("NaN", &v, &scale));
}

static void
widening(void)
{
	int64		v = -15;

	CHECK(olap_decimal_widen(&v, 1, 12, 6));
	CHECK_INT(v, -1500000);
	v = 0;
	CHECK(olap_decimal_widen(&v, 0, 1, 1));
	CHECK_INT(v, 0);
	v = 99999;
	CHECK(olap_decimal_widen(&v, 2, 5, 2));
	CHECK_INT(v, 99999);
	v = 100000;
	CHECK(!olap_decimal_widen(&v, 2, 5, 2));
	CHECK_INT(v, 100000);
	v = 1000;
	CHECK(!olap_decimal_widen(&v, 0, 5, 2));
	/* to be rounded, even if by nothing */
	v = 100;
	CHECK(!olap_decimal_widen(&v, 2, 5, 1));
	/* does not fit 18 digits, though the numeric has room */
	v = INT64CONST(999999999999999999);
	CHECK(!olap_decimal_widen(&v, 0, 30, 1));
	CHECK(olap_decimal_widen(&v, 0, 30, 0));
	CHECK_INT(v, INT64CONST(999999999999999999));
	v = 1;
	CHECK(olap_decimal_widen(&v, 0, 30, 17));
	CHECK_INT(v, INT64CONST(100000000000000000));
	v = 1;
	CHECK(!olap_decimal_widen(&v, 0, 40, 19));
}

int
main(void)
{
	RUN(uuids);
	RUN(dates);
	RUN(times);
	RUN(floats);
	RUN(decimals);
	RUN(widening);
	return DONE();
}

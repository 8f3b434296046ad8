/*-------------------------------------------------------------------------
 *
 * adgen.c
 *		Make ad-tech events as JSON text.
 *
 * Why by hand: the generator must not be the bottleneck of an ingest test on
 * two cores, so numbers and text are written straight into the buffer and the
 * log-normal values come from tables of samples made once.
 *
 * Each row has its own random stream, seeded by a mix of the seed and the row
 * number (a Weyl sequence through a 64-bit finalizer; Steele, Lea & Flood
 * 2014, "Fast splittable pseudorandom number generators").
 *
 * tools/adgen.c
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adgen.h"
#include "toolutil.h"

#define N_CAMPAIGNS 50000
#define N_PUBLISHERS 5000
#define N_COUNTRIES 200
#define N_DEVICES 50
#define N_USERS 10000000
#define SAMPLES 8192			/* entries of a value table; a power of two */

const char *const ad_defect_name[AD_NDEFECTS] = {
	"none", "truncated", "wrong_type", "missing_field", "not_json",
	"out_of_range", "nul_char", "bad_utf8"
};

const char *const ad_event_name[AD_NEVENTS] = {
	"impression", "viewable", "click", "install", "purchase"
};

static const char *const form_factor[5] = {
	"phone", "tablet", "desktop", "ctv", "console"
};

static const char *const operating_system[10] = {
	"android", "ios", "windows", "macos", "linux",
	"tizen", "webos", "roku", "fireos", "other"
};

static const char *const site_section[10] = {
	"news", "sports", "games", "finance", "recipes",
	"travel", "tech", "video", "checkout", "weather"
};

/* ISO 3166 codes, two letters each, roughly by market size. */
static const char country_codes[] =
	"USINBRIDGBDEMXJPFRPHRUVNTRTHITKRCAESPLEGARCOAUMYSANLPKNGZAUA"
	"BDROCLPETWIRIQMADZBESECZGRPTHUAEILKZATCHECKESGVEHKDOGTDKFINO"
	"IENZSKBGRSBYHRLTSILVEETNJOLBKWQAOMBHLKNPMMKHLAGHCICMSNTZUGET"
	"ZMZWAOMZBWNACRPAUYPYBOHNSVNICUJMTTHTPRGEAMAZUZKGTJTMMNMOBNFJ"
	"PGMVBTAFYESYLYSDSSMLBFNETDMRGMGNGWSLLRTGBJGACGCDCFGQRWBIDJER"
	"SOMGMUSCKMMWLSSZISLUMTCYALMKBAMEMDXKMCLIADSMVAGIFOGLAXJEGGIM"
	"BMKYVGVIBSBBLCGDVCAGDMKNAIMSAWCWSXGFSRGYBZPFNC";

struct AdGen
{
	AdGenOptions opt;
	uint64_t	defect_limit;	/* a 53-bit draw below this has a defect */
	int32_t		impression_cost[SAMPLES];	/* micros */
	int32_t		click_cost[SAMPLES];	/* micros */
	int32_t		purchase_value[SAMPLES];	/* cents */
	int32_t		install_value[SAMPLES]; /* cents */
	int32_t		latency[SAMPLES];	/* milliseconds */
	char		device[N_DEVICES][24];
	uint8_t		device_len[N_DEVICES];
};

static inline uint64_t
mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t
adgen_hash(uint64_t seed, uint64_t i)
{
	return mix64(mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ mix64(i * 2 + 1));
}

static inline uint64_t
draw(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return mix64(*state);
}

static inline double
unit(uint64_t bits)
{
	return (double) (bits >> 11) * (1.0 / 9007199254740992.0);
}

/* 1 .. n with P(k) about proportional to 1/k; log_n1 is ln(n + 1). */
static inline int
zipf(uint64_t bits, double log_n1, int n)
{
	int			k = (int) exp(unit(bits) * log_n1);

	return k < 1 ? 1 : k > n ? n : k;
}

static inline double
gauss(uint64_t *state)
{
	double		a = 1.0 - unit(draw(state));

	return sqrt(-2.0 * log(a)) * cos(6.283185307179586 * unit(draw(state)));
}

/* min(scale * e^(sigma * normal), limit), as an integer of at least low. */
static void
fill_lognormal(int32_t *table, uint64_t *state, double scale, double sigma,
			   double low, double limit)
{
	for (int i = 0; i < SAMPLES; i++)
	{
		double		value = round(scale * exp(sigma * gauss(state)));

		table[i] = (int32_t) fmax(low, fmin(value, limit));
	}
}

AdGen *
adgen_create(const AdGenOptions *options)
{
	AdGen	   *gen = calloc(1, sizeof(AdGen));
	uint64_t	state = 42;		/* the tables are the same for every seed */

	if (gen == NULL)
		tool_die("out of memory");
	gen->opt = *options;
	gen->defect_limit = (uint64_t) (options->malformed * 9007199254740992.0);
	fill_lognormal(gen->impression_cost, &state, 800, 0.9, 1, 90000);
	fill_lognormal(gen->click_cost, &state, 120000, 0.7, 1, 5000000);
	fill_lognormal(gen->purchase_value, &state, 2000, 1.0, 1, 10000000);
	fill_lognormal(gen->install_value, &state, 150, 0.5, 1, 1000000);
	fill_lognormal(gen->latency, &state, 30, 0.8, 1, 5000);
	for (int i = 0; i < N_DEVICES; i++)
	{
		strcpy(gen->device[i], form_factor[i % 5]);
		strcat(gen->device[i], "/");
		strcat(gen->device[i], operating_system[i / 5]);
		gen->device_len[i] = (uint8_t) strlen(gen->device[i]);
	}
	return gen;
}

void
adgen_destroy(AdGen *gen)
{
	free(gen);
}

/* --- writing text: each function returns the place after what it wrote --- */

#define PUT_TEXT(p, literal) \
	(memcpy((p), (literal), sizeof(literal) - 1), (p) + sizeof(literal) - 1)

static inline char *
put_bytes(char *p, const char *text, size_t len)
{
	memcpy(p, text, len);
	return p + len;
}

static inline char *
put_string(char *p, const char *text)
{
	return put_bytes(p, text, strlen(text));
}

static inline char *
put_number(char *p, uint64_t value)
{
	char		digits[20];
	int			n = 20;

	do
	{
		digits[--n] = (char) ('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return put_bytes(p, digits + n, 20 - n);
}

/* Exactly width digits, zero-padded. */
static inline char *
put_padded(char *p, uint32_t value, int width)
{
	for (int i = width - 1; i >= 0; i--)
	{
		p[i] = (char) ('0' + value % 10);
		value /= 10;
	}
	return p + width;
}

static inline char *
put_hex(char *p, uint64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--)
	{
		p[i] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
	return p + digits;
}

static char *
put_uuid(char *p, uint64_t high, uint64_t low)
{
	p = put_hex(p, high >> 32, 8);
	*p++ = '-';
	p = put_hex(p, high >> 16, 4);
	*p++ = '-';
	p = put_hex(p, high, 4);
	*p++ = '-';
	p = put_hex(p, low >> 48, 4);
	*p++ = '-';
	return put_hex(p, low, 12);
}

/* Civil date from days since 1970-01-01 (proleptic Gregorian), then time. */
static char *
put_iso_time(char *p, int64_t ms)
{
	int64_t		days = ms / 86400000 - (ms % 86400000 < 0);
	uint32_t	rest = (uint32_t) (ms - days * 86400000);
	int64_t		z = days + 719468;	/* days since 0000-03-01 */
	int64_t		era = (z >= 0 ? z : z - 146096) / 146097;
	uint32_t	doe = (uint32_t) (z - era * 146097);
	uint32_t	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t	mp = (5 * doy + 2) / 153;
	uint32_t	month = mp < 10 ? mp + 3 : mp - 9;

	*p++ = '"';
	p = put_padded(p, (uint32_t) (yoe + era * 400 + (month <= 2)), 4);
	*p++ = '-';
	p = put_padded(p, month, 2);
	*p++ = '-';
	p = put_padded(p, doy - (153 * mp + 2) / 5 + 1, 2);
	*p++ = 'T';
	p = put_padded(p, rest / 3600000, 2);
	*p++ = ':';
	p = put_padded(p, rest / 60000 % 60, 2);
	*p++ = ':';
	p = put_padded(p, rest / 1000 % 60, 2);
	*p++ = '.';
	p = put_padded(p, rest % 1000, 3);
	return PUT_TEXT(p, "Z\"");
}

/* --- the parts of a row --- */

static inline int
pick_event(uint64_t bits)
{
	double		x = unit(bits);

	return x < 0.800 ? 0 : x < 0.955 ? 1 : x < 0.985 ? 2 : x < 0.995 ? 3 : 4;
}

static inline int64_t
event_time(const AdGen *gen, uint64_t i, int64_t live_ms, uint64_t *state)
{
	int64_t		ms;
	uint64_t	how_late = draw(state);

	ms = live_ms >= 0 ? live_ms :
		gen->opt.start_ms + (int64_t) ((double) i * gen->opt.step_ms);
	if (gen->opt.late)
	{
		int64_t		most = how_late % 200 == 0 ? 600000 : 5000;

		ms -= (int64_t) ((how_late >> 16) % (uint64_t) most);
	}
	return ms;
}

static char *
put_leading_fields(char *p, const AdGen *gen, const AdFacts *facts,
				   int campaign, const char *country, int device)
{
	*p++ = '{';
	if (gen->opt.with_id)
	{
		p = PUT_TEXT(p, "\"id\":");
		p = put_number(p, (uint64_t) facts->id);
		*p++ = ',';
	}
	if (facts->defect != AD_MISSING_FIELD)
	{
		p = PUT_TEXT(p, "\"ts\":");
		p = gen->opt.iso_time ? put_iso_time(p, facts->ts_ms) :
			put_number(p, (uint64_t) facts->ts_ms);
		*p++ = ',';
	}
	p = PUT_TEXT(p, "\"campaign_id\":");
	if (facts->defect == AD_WRONG_TYPE)
		p = PUT_TEXT(p, "\"summer sale\"");
	else
		p = put_number(p, (uint64_t) campaign);
	p = PUT_TEXT(p, ",\"country\":\"");
	if (facts->defect == AD_NUL_CHAR)
		p = PUT_TEXT(p, "\\u0000");
	else if (facts->defect == AD_BAD_UTF8)
		p = PUT_TEXT(p, "\xff\xfe");
	p = put_bytes(p, country, 2);
	p = PUT_TEXT(p, "\",\"device_type\":\"");
	p = put_bytes(p, gen->device[device], gen->device_len[device]);
	p = PUT_TEXT(p, "\",\"event_type\":\"");
	p = put_string(p, ad_event_name[facts->event]);
	return PUT_TEXT(p, "\"");
}

static char *
put_url(char *p, int publisher, int article)
{
	uint64_t	section = adgen_hash((uint64_t) publisher, (uint64_t) article);

	p = PUT_TEXT(p, ",\"url\":\"https://www.pub");
	p = put_number(p, (uint64_t) publisher);
	p = PUT_TEXT(p, ".example.com/");
	p = put_string(p, site_section[section % 10]);
	p = PUT_TEXT(p, "/article-");
	p = put_number(p, (uint64_t) (publisher * 20 + article));
	return PUT_TEXT(p, "\"");
}

static char *
put_referrer(char *p, uint64_t which, uint64_t bits, int publisher)
{
	uint64_t	percent = which % 100;

	if (percent < 20)
		return p;				/* NULL by absence */
	if (percent < 40)
		return PUT_TEXT(p, ",\"referrer\":null");
	if (percent < 70)
	{
		p = PUT_TEXT(p, ",\"referrer\":\"https://search.example.com/?q=term");
		p = put_number(p, (uint64_t) zipf(bits, 9.903537552551606, 20000));
	}
	else if (percent < 90)
	{
		p = PUT_TEXT(p, ",\"referrer\":\"https://social.example.net/feed/");
		p = put_number(p, (uint64_t) zipf(bits, 5.303304908059076, 200));
	}
	else
	{
		p = PUT_TEXT(p, ",\"referrer\":\"https://www.pub");
		p = put_number(p, (uint64_t) publisher);
		p = PUT_TEXT(p, ".example.com/");
	}
	return PUT_TEXT(p, "\"");
}

static char *
put_app_version(char *p, uint64_t which, uint64_t bits)
{
	uint64_t	permille = which % 1000;

	if (permille < 75)
		return p;
	if (permille < 150)
		return PUT_TEXT(p, ",\"app_version\":null");
	p = PUT_TEXT(p, ",\"app_version\":\"8.");
	p = put_number(p, (uint64_t) (40 - zipf(bits, 3.713572066704308, 40)));
	*p++ = '.';
	p = put_number(p, which / 1000 % 3);
	return PUT_TEXT(p, "\"");
}

static void
fill_money(const AdGen *gen, AdFacts *facts, uint64_t bits)
{
	uint32_t	slot = bits % SAMPLES;

	facts->cost_micros = 0;
	facts->revenue_cents = 0;
	if (facts->event == 0)
		facts->cost_micros = gen->impression_cost[slot];
	else if (facts->event == 2)
		facts->cost_micros = gen->click_cost[slot];
	else if (facts->event == 3)
		facts->revenue_cents = gen->install_value[slot];
	else if (facts->event == 4)
		facts->revenue_cents = gen->purchase_value[slot];
}

static char *
put_measures(char *p, const AdGen *gen, const AdFacts *facts, uint64_t bits)
{
	p = PUT_TEXT(p, ",\"cost\":");
	p = put_number(p, (uint64_t) facts->cost_micros / 1000000);
	*p++ = '.';
	p = put_padded(p, (uint32_t) (facts->cost_micros % 1000000), 6);
	if (!gen->opt.small)
	{
		p = PUT_TEXT(p, ",\"revenue\":");
		p = put_number(p, (uint64_t) facts->revenue_cents / 100);
		*p++ = '.';
		p = put_padded(p, (uint32_t) (facts->revenue_cents % 100), 2);
	}
	p = PUT_TEXT(p, ",\"latency_ms\":");
	if (facts->defect == AD_OUT_OF_RANGE)
		p = PUT_TEXT(p, "99999999999");
	else
		p = put_number(p, (uint64_t) gen->latency[bits % SAMPLES]);
	if (facts->event == 2)
		return PUT_TEXT(p, ",\"is_click\":true");
	return PUT_TEXT(p, ",\"is_click\":false");
}

size_t
adgen_row(AdGen *gen, uint64_t i, int64_t live_ms, char *buf, AdFacts *facts)
{
	uint64_t	state = adgen_hash(gen->opt.seed, i);
	uint64_t	bits;
	char	   *p = buf;
	int			campaign,
				publisher,
				device;
	const char *country;
	uint64_t	user;

	bits = draw(&state);
	facts->id = (int64_t) i;
	facts->defect = (bits >> 11) < gen->defect_limit ?
		(AdDefect) (1 + mix64(bits) % (AD_NDEFECTS - 1)) : AD_NONE;
	facts->ts_ms = event_time(gen, i, live_ms, &state);
	facts->event = (uint8_t) pick_event(draw(&state));
	fill_money(gen, facts, draw(&state));
	if (facts->defect == AD_NOT_JSON)
	{
		p = PUT_TEXT(p, "GET /pixel.gif?row=");
		p = put_number(p, i);
		return (size_t) (p - buf);
	}

	campaign = zipf(draw(&state), 10.819798284210286, N_CAMPAIGNS);
	publisher = zipf(draw(&state), 8.517393171418904, N_PUBLISHERS);
	country = country_codes +
		2 * (zipf(draw(&state), 5.303304908059076, N_COUNTRIES) - 1);
	device = zipf(draw(&state), 3.9318256327243257, N_DEVICES) - 1;
	user = (uint64_t) (unit(draw(&state)) * 65536.0 * 65536.0);
	user = (uint64_t) ((double) N_USERS * ((double) user / 4294967296.0) *
					   ((double) user / 4294967296.0));
	user = 100000000 + user * 7919 % 10000019;

	p = put_leading_fields(p, gen, facts, campaign, country, device);
	p = PUT_TEXT(p, ",\"user_id\":");
	p = put_number(p, user);
	if (!gen->opt.small)
	{
		p = PUT_TEXT(p, ",\"creative_id\":");
		p = put_number(p, (uint64_t) (campaign * 10 +
									  zipf(draw(&state), 2.302585092994046, 9)));
	}
	p = PUT_TEXT(p, ",\"publisher_id\":");
	p = put_number(p, (uint64_t) publisher);
	p = put_measures(p, gen, facts, draw(&state));
	if (!gen->opt.small)
	{
		uint64_t	session = adgen_hash(user, (uint64_t) (facts->ts_ms / 1800000));

		p = PUT_TEXT(p, ",\"session_id\":\"");
		p = put_uuid(p, session, mix64(session + user));
		*p++ = '"';
		p = put_url(p, publisher, zipf(draw(&state), 3.044522437723423, 20));
		bits = draw(&state);
		p = put_referrer(p, bits, draw(&state), publisher);
		bits = draw(&state);
		p = put_app_version(p, bits, draw(&state));
	}
	*p++ = '}';
	if (facts->defect == AD_TRUNCATED)
		p = buf + (p - buf) * 2 / 3;
	return (size_t) (p - buf);
}

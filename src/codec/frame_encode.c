/*-------------------------------------------------------------------------
 *
 * frame_encode.c
 *		Frames: up to 2,048 integers as base + line + packed bits + patches.
 *
 * Value i is base + line(i) + low bits + patch(i) modulo 2^64, where line(i) =
 * slope * i >> 12.  The base is not the minimum but the lower end of the window
 * that holds most values at least cost; the few outside it, on either side,
 * have a signed multiple of the window's size added as patches.  The line takes the trend
 * out of timestamps that are nearly in time order, so they cost the bits of
 * their jitter alone, without the prefix sum that deltas need.
 *
 * Source: patching follows Zukowski, Heman, Nes & Boncz 2006, "Super-scalar
 * RAM-CPU cache compression" (PFOR).
 *
 * src/codec/frame_encode.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define SLOPE_SHIFT OLAP_FRAME_SLOPE_SHIFT
#define FRAME_HEADER OLAP_FRAME_HEADER
#define SAMPLE 64

static inline int64
line_at(int64 slope, uint32 i)
{
	return (int64) ((uint64) slope * i) >> SLOPE_SHIFT;
}

OLAP_KERNEL static void
find_range(const int64 *values, uint32 n, int64 *out_min, int64 *out_max)
{
	int64		min = values[0];
	int64		max = values[0];

	for (uint32 i = 1; i < n; i++)
	{
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
	}
	*out_min = min;
	*out_max = max;
}

OLAP_KERNEL static void
make_residuals(const int64 *restrict values, uint32 n, int64 base, int64 slope,
			   uint64 *restrict out)
{
	if (slope == 0)
	{
		for (uint32 i = 0; i < n; i++)
			out[i] = (uint64) values[i] - (uint64) base;
		return;
	}
	for (uint32 i = 0; i < n; i++)
		out[i] = (uint64) values[i] - (uint64) base -
			(uint64) ((int64) ((uint64) slope * i) >> SLOPE_SHIFT);
}

static void
sort_sample(int64 *a, int n)
{
	for (int i = 1; i < n; i++)
	{
		int64		value = a[i];
		int			k = i;

		for (; k > 0 && a[k - 1] > value; k--)
			a[k] = a[k - 1];
		a[k] = value;
	}
}

static inline uint32
sample_row(int k, int m, uint32 n)
{
	return m > 1 ? (uint32) ((uint64) k * (n - 1) / (m - 1)) : 0;
}

/*
 * The line through the medians of the first and the last quarter, which a few
 * stragglers do not move.
 */
static int64
estimate_slope(const int64 *values, uint32 n)
{
	enum
	{
		QUARTER = 33
	};
	int64		head[QUARTER];
	int64		tail[QUARTER];
	uint32		quarter = n / 4;
	int64		rise;

	if (quarter < QUARTER)
		return 0;
	for (int k = 0; k < QUARTER; k++)
	{
		uint32		row = sample_row(k, QUARTER, quarter);

		head[k] = values[row];
		tail[k] = values[n - quarter + row];
	}
	sort_sample(head, QUARTER);
	sort_sample(tail, QUARTER);
	/* beyond 2^50 the fixed point overflows, and packing gains nothing */
	if (__builtin_sub_overflow(tail[QUARTER / 2], head[QUARTER / 2], &rise) ||
		rise > (INT64CONST(1) << 50) || rise < -(INT64CONST(1) << 50))
		return 0;
	return (rise * (INT64CONST(1) << SLOPE_SHIFT)) / (int64) (n - quarter);
}

/*
 * The window of the sorted sample that costs least: its lower end goes to
 * *base, with the room that its power of two leaves shared between both ends.
 * Returns the estimated bits a value.
 */
static double
choose_window(const int64 *sample, int m, int64 *base)
{
	int			slack = m / 10;
	double		best = 1000;

	for (int lo = 0; lo <= slack; lo++)
	{
		for (int hi = m - 1; hi >= m - 1 - slack && hi >= lo; hi--)
		{
			uint64		range = (uint64) sample[hi] - (uint64) sample[lo];
			int			width = olap_bits_for(range);
			uint64		below = (uint64) sample[lo] - (uint64) sample[0];
			uint64		above = (uint64) sample[m - 1] - (uint64) sample[lo];
			int			far = olap_bits_for(Max(below, above));
			int			patch = 16 + Max((far - width + 8) / 8, 1) * 8;
			double		bits = width +
				(double) (lo + m - 1 - hi) / m * patch;

			if (bits < best)
			{
				uint64		room = width >= 64 ? 0
					: (UINT64CONST(1) << width) - 1 - range;

				best = bits;
				*base = (int64) ((uint64) sample[lo] - room / 2);
				if (*base > sample[lo])
					*base = PG_INT64_MIN;
			}
		}
	}
	return best;
}

/*
 * Sizes of all widths from the counts of bit lengths; keeps the smallest.
 * least: the least residual, below 0 if some values are below the window.
 */
static void
choose_width(OlapFrame *frame, const uint32 *lengths, int64 least, uint32 n)
{
	int			longest = least < 0 ? 64 : 63;
	int			above = 63;
	int			below = least < 0 ? olap_bits_for((uint64) ~least) : 0;
	uint32		patches = 0;

	while (longest > 0 && lengths[longest] == 0)
		longest--;
	while (above > 0 && lengths[above] == 0)
		above--;
	frame->size = SIZE_MAX;
	for (int width = longest; width >= 0; width--)
	{
		/* what is above the window's bits, and a sign */
		int			patch_bits = Max(Max(above, below) - width, 0) + 1;
		int			patch_bytes = patches > 0 ? (patch_bits + 7) / 8 : 0;
		size_t		size = FRAME_HEADER + olap_bitpack_size(n, width) +
			(size_t) patches * (sizeof(uint16) + patch_bytes);

		if (size < frame->size)
		{
			frame->size = size;
			frame->width = (uint8) width;
			frame->patch_bytes = (uint8) patch_bytes;
			frame->npatches = (uint16) patches;
		}
		patches += lengths[width];
	}
}

static void
count_lengths(const uint64 *residuals, uint32 n, uint32 *lengths)
{
	uint32		odd[65] = {0};

	memset(lengths, 0, 65 * sizeof(uint32));
	for (uint32 i = 0; i + 1 < n; i += 2)
	{
		lengths[olap_bits_for(residuals[i])]++;
		odd[olap_bits_for(residuals[i + 1])]++;
	}
	if (n % 2 == 1)
		lengths[olap_bits_for(residuals[n - 1])]++;
	for (int i = 0; i < 65; i++)
		lengths[i] += odd[i];
}

/* The best width for frame's base and slope, and the size it gives. */
static void
measure_frame(OlapFrame *frame, const int64 *values, uint32 n)
{
	uint64		residuals[OLAP_VECTOR_ROWS];
	uint32		lengths[65];
	int64		least;
	int64		most;

	make_residuals(values, n, frame->base, frame->slope, residuals);
	count_lengths(residuals, n, lengths);
	find_range((const int64 *) residuals, n, &least, &most);
	choose_width(frame, lengths, least, n);
}

void
olap_frame_fit(OlapFrame *frame, const int64 *values, uint32 n, bool try_slope)
{
	int64		sample[SAMPLE];
	int			m = (int) Min(n, SAMPLE);
	int64		min;
	int64		max;
	double		bits;

	memset(frame, 0, sizeof(OlapFrame));
	find_range(values, n, &min, &max);
	if (min == max)
	{
		frame->base = min;
		frame->size = FRAME_HEADER;
		return;
	}
	for (int k = 0; k < m; k++)
		sample[k] = values[sample_row(k, m, n)];
	sort_sample(sample, m);
	bits = choose_window(sample, m, &frame->base);
	/* nothing is below the minimum, and all may fit above it anyway */
	if (frame->base < min ||
		olap_bits_for((uint64) max - (uint64) min) <= (int) bits)
		frame->base = min;

	if (try_slope)
	{
		int64		slope = estimate_slope(values, n);
		int64		base;

		for (int k = 0; k < m; k++)
		{
			uint32		row = sample_row(k, m, n);

			sample[k] = (int64) ((uint64) values[row] -
								 (uint64) line_at(slope, row));
		}
		sort_sample(sample, m);
		if (slope != 0 && choose_window(sample, m, &base) < bits - 0.5)
		{
			frame->slope = slope;
			frame->base = base;
		}
	}
	measure_frame(frame, values, n);

	/* the sample may have been wrong about what is below the window */
	if (frame->slope == 0 && frame->base > min && frame->npatches > 0)
	{
		OlapFrame	plain = {.base = min};

		measure_frame(&plain, values, n);
		if (plain.size < frame->size)
			*frame = plain;
	}
}

/*
 * The values whose residual does not fit: positions, then the bits above, as
 * signed numbers: a value just below the window has -1 there.
 */
static void
write_patches(const OlapFrame *frame, const uint64 *residuals, uint32 n,
			  uint8 *dst)
{
	uint8	   *values = dst + frame->npatches * sizeof(uint16);

	for (uint32 i = 0; i < n; i++)
	{
		int64		high = (int64) residuals[i] >> frame->width;
		uint16		row = (uint16) i;

		if (high == 0)
			continue;
		memcpy(dst, &row, sizeof(uint16));
		dst += sizeof(uint16);
		memcpy(values, &high, frame->patch_bytes);
		values += frame->patch_bytes;
	}
}

void
olap_frame_encode(const OlapFrame *frame, const int64 *values, uint32 n,
				  OlapBytes *out)
{
	uint64		residuals[OLAP_VECTOR_ROWS];
	uint32		narrow[OLAP_VECTOR_ROWS];
	int			width = frame->width;
	uint8	   *dst = olap_bytes_reserve(out, frame->size);

	memcpy(dst, &frame->base, 8);
	memcpy(dst + 8, &frame->slope, 8);
	dst[16] = frame->width;
	dst[17] = frame->patch_bytes;
	memcpy(dst + 18, &frame->npatches, 2);
	out->len += frame->size;
	dst += FRAME_HEADER;
	if (width == 0 && frame->npatches == 0)
		return;

	make_residuals(values, n, frame->base, frame->slope, residuals);
	/* a width of 64 leaves nothing to patch */
	if (frame->npatches > 0)
		write_patches(frame, residuals, n, dst + olap_bitpack_size(n, width));
	if (width == 0)
		return;
	if (width <= 32)
	{
		uint32		mask = PG_UINT32_MAX >> (32 - width);

		for (uint32 i = 0; i < n; i++)
			narrow[i] = (uint32) residuals[i] & mask;
		olap_bitpack32(narrow, n, width, dst);
	}
	else
	{
		uint64		mask = PG_UINT64_MAX >> (64 - width);

		for (uint32 i = 0; i < n; i++)
			residuals[i] &= mask;
		olap_bitpack64(residuals, n, width, dst);
	}
}

/*-------------------------------------------------------------------------
 *
 * dict.c
 *		The DICT encoding: sorted distinct values and a code for every row.
 *
 * Payload: count of entries, lengths of the first two inner chunks (4 bytes
 * each), a chunk with the entries, maybe a chunk of int16 with the classes of
 * the entries (dict_classes.c) and how many entries of each class each of its vectors
 * has, and a chunk of int32 with the codes.  Entries
 * are distinct and ascend: integers by value, all else byte by byte (floats by
 * the unsigned number that their bits are), because sorted neighbours compress
 * well.  A code is the number of an entry, or of an entry in the order of the
 * classes if there are some; readers see the dictionary in the order of codes.
 *
 * src/codec/dict.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "codec/codec_internal.h"
#include "codec/dict_build.h"
#include "codec/dict_entries.h"

#define DICT_HEADER 12
/* A dictionary that names more of the rows than this does not pay. */
#define MAX_SHARE 0.65
/* Classes cost a step of decoding: shorter codes are left as they are ... */
#define CLASSES_MIN 512
/* ... and so are those that would not get shorter than this share. */
#define CLASSES_GAIN 0.95
/* What an entry's class takes, and a code more than its entropy, about. */
#define CLASS_BYTES 0.3
#define CLASSES_EXTRA 0.2

static double
dict_score(const OlapAnalysis *a)
{
	double		log_distinct = log2(Max(a->distinct, 2));
	double		bits = ceil(log_distinct);
	double		entry = (double) a->raw_bytes / a->n;

	if (a->depth != OLAP_DEPTH_COLUMN || a->n < 16 ||
		a->distinct > MAX_SHARE * a->n || a->v->phys == OLAP_PHYS_BOOL)
		return INFINITY;
	/* sorted entries compress: integers to their gaps, text by about 4 */
	if (a->v->phys == OLAP_PHYS_VAR)
		entry = entry / 4 + 1;
	else if (olap_phys_is_integer(a->v->phys))
		entry = Min(entry, Max(a->for_bits - log_distinct + 3, 2) / 8);
	/* with classes, codes come close to the entropy (dict_classes.c) */
	if (a->entropy + CLASSES_EXTRA + 8 * CLASS_BYTES * a->distinct / a->n <
		bits)
	{
		bits = a->entropy + CLASSES_EXTRA;
		entry += CLASS_BYTES;
	}
	return DICT_HEADER + 64 + bits / 8 * a->n + a->distinct * entry;
}

/* Remember at place how many bytes were appended behind start. */
static void
note_length(OlapBytes *out, size_t place, size_t start)
{
	uint32		len = (uint32) (out->len - start);

	memcpy(out->data + place, &len, sizeof(len));
}

/* The codes as bins over classes of entries, behind the classes. */
static void
encode_classes(const OlapAnalysis *a, const OlapClasses *classes,
			   const uint32 *codes, uint32 entries, size_t place,
			   OlapBytes *out)
{
	OlapVector	class_of = {.phys = OLAP_PHYS_I16, .width = sizeof(int16),
		.typalign = TYPALIGN_SHORT, .n = entries, .values = classes->class_of};
	uint64	   *ordered = palloc(a->n * sizeof(uint64));
	size_t		start = out->len;
	OlapChunkInfo inner;

	olap_chunk_encode_at(&class_of, OLAP_DEPTH_CODES, out, &inner);
	note_length(out, place, start);
	entries |= OLAP_DICT_COUNTS;
	memcpy(out->data + place - 8, &entries, sizeof(entries));
	olap_classes_put_counts(classes->class_of, class_of.n, out);
	for (uint32 i = 0; i < a->n; i++)
		ordered[i] = classes->code_of[codes[i]];
	olap_chunk_put_header(out, OLAP_ENC_BINS, OLAP_PHYS_I32, sizeof(uint32),
						  a->n, (uint64) a->n * sizeof(uint32));
	olap_bins_write(&classes->bins, 0, ordered, a->valid, a->n, out);
	pfree(ordered);
}

/* Bytes that codes take without classes, estimated. */
static double
plain_codes_size(const OlapVector *codes)
{
	OlapAnalysis a;

	olap_analyze(&a, codes, NULL, OLAP_DEPTH_CODES);
	/* what comes in runs is better left so */
	if (a.runs <= a.n / 4)
		return 0;
	return Min(a.for_bits, a.delta_bits) / 8 * a.n;
}

/* All codes, in whichever way is shorter.  place: of the classes' length. */
static void
encode_codes(const OlapAnalysis *a, OlapVector *codes, uint32 entries,
			 size_t place, OlapBytes *out)
{
	double		plain = entries < 3 ? 0 : plain_codes_size(codes);
	OlapClasses classes;
	OlapChunkInfo inner;
	double		bits = INFINITY;

	if (plain >= CLASSES_MIN)
		bits = olap_classes_choose(codes->values, a->valid, a->n, entries,
								   &classes);
	if (CLASSES_MIN / 2 + bits / 8 + CLASS_BYTES * entries <
		CLASSES_GAIN * plain)
		encode_classes(a, &classes, codes->values, entries, place, out);
	else
		olap_chunk_encode_at(codes, OLAP_DEPTH_CODES, out, &inner);
	if (plain >= CLASSES_MIN)
	{
		pfree(classes.class_of);
		pfree(classes.code_of);
	}
}

static bool
dict_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	static const uint8 header[DICT_HEADER] = {0};
	uint32		max = (uint32) (MAX_SHARE * a->n) + 1;
	OlapVector	entries;
	OlapVector	codes = {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT, .n = a->n};
	OlapChunkInfo inner;
	size_t		start = out->len;

	codes.values = palloc(a->n * sizeof(uint32));
	if (!olap_dict_build(a->v, max, &entries, codes.values))
	{
		pfree(codes.values);
		return false;
	}
	olap_bytes_append(out, header, sizeof(header));
	memcpy(out->data + start, &entries.n, sizeof(uint32));
	olap_chunk_encode_at(&entries, OLAP_DEPTH_CODES, out, &inner);
	note_length(out, start + 4, start + DICT_HEADER);
	encode_codes(a, &codes, entries.n, start + 8, out);
	info->distinct = entries.n;
	if (a->count != NULL)
		olap_count_values(a->count, &entries);
	olap_vector_free(&entries);
	pfree(codes.values);
	return true;
}

const OlapCodec olap_codec_dict = {
	.encoding = OLAP_ENC_DICT,
	.name = "dict",
	.decode_cost = 0.25,
	.pieces = true,
	.score = dict_score,
	.encode = dict_encode,
	.open = olap_dict_open,
	.decode = olap_dict_decode,
};

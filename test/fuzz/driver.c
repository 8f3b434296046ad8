/*
 * test/fuzz/driver.c
 *		Runs a fuzz target where libFuzzer is not available.
 *
 * usage: fuzz_NAME [-max_total_time=SECONDS] [FILE ...]
 *
 * With files, each is given to the target once (to replay a finding). Without,
 * buffers of random length and content are, half of them made of runs of 0x00
 * and 0xff, which reach further into formats with length fields. The seed is
 * printed, so that a crash can be repeated with UNIT_SEED.
 */
#include "postgres.h"

#include <stdlib.h>
#include <time.h>

#include "unit.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_LEN 4096

static void
fill_random(uint8_t *data, size_t size)
{
	bool		runs = unit_random() & 1;

	for (size_t i = 0; i < size;)
	{
		size_t		n = runs ? 1 + unit_random() % 16 : 1;
		uint8_t		byte = unit_random();

		if (runs && unit_random() % 2 == 0)
			byte = (unit_random() & 1) ? 0xff : 0;
		while (n-- > 0 && i < size)
			data[i++] = byte;
	}
}

static void
run_file(const char *path)
{
	FILE	   *f = fopen(path, "rb");
	uint8_t    *data = malloc(16 << 20);
	size_t		size;

	if (f == NULL || data == NULL)
	{
		perror(path);
		exit(2);
	}
	size = fread(data, 1, 16 << 20, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

int
main(int argc, char **argv)
{
	int			seconds = 5;
	int			files = 0;
	uint64		runs = 0;
	time_t		end;

	for (int i = 1; i < argc; i++)
	{
		if (sscanf(argv[i], "-max_total_time=%d", &seconds) == 1 ||
			argv[i][0] == '-')
			continue;
		run_file(argv[i]);
		files++;
	}
	if (files > 0)
		return 0;

	if (getenv("UNIT_SEED") == NULL)
	{
		char		seed[32];

		snprintf(seed, sizeof(seed), "%ld", (long) time(NULL));
		setenv("UNIT_SEED", seed, 1);
	}
	fprintf(stderr, "UNIT_SEED=%s\n", getenv("UNIT_SEED"));
	end = time(NULL) + seconds;
	while (time(NULL) < end)
	{
		size_t		size = unit_random() % (MAX_LEN + 1);
		uint8_t    *data = malloc(size ? size : 1);	/* exact, for sanitizers */

		fill_random(data, size);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
		runs++;
	}
	fprintf(stderr, "Done " UINT64_FORMAT " runs in %d second(s)\n", runs, seconds);
	return 0;
}

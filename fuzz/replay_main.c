/**
 * @file replay_main.c
 * Runs a fuzz target over its corpus without libFuzzer, so that every seed and every input that
 * once failed is an ordinary test with any compiler.
 *
 * replay_<name> [--mutations N] FILE-OR-FOLDER...
 *
 * Each input is given as it is, cut short, and N times with bytes overwritten. The mutations depend
 * on the input and on N only, so a failure can be repeated. With REPLAY_VERBOSE in the environment
 * the name of every input goes to stderr first, which shows the one that crashes.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_LIMIT = 64 << 20 };

typedef struct tally {
    long inputs;    /* files given as they are */
    long calls;     /* calls of the target */
    long mutations; /* per input */
} tally;

static uint64_t next_random(uint64_t *state)
{
    /* SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
    *state += 0x9E3779B97F4A7C15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* An exact-size copy for every call, so that AddressSanitizer sees a read past the end. */
static void call_target(tally *counts, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        fprintf(stderr, "replay: out of memory for %zu bytes\n", size);
        exit(EXIT_FAILURE);
    }
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    counts->calls++;
}

static void call_mutated(tally *counts, uint8_t *bytes, size_t size)
{
    static const uint8_t awkward[] = {0x00, 0xFF, 0x7F, 0x80, 0x01, '"', '\n', ','};
    uint64_t state = 0x243F6A8885A308D3u ^ size;
    for (size_t i = 0; i < size; i++) {
        state = (state ^ bytes[i]) * 0x100000001B3u;
    }
    for (long m = 0; m < counts->mutations && size > 0; m++) {
        size_t place[4];
        uint8_t old[4];
        size_t changes = 1 + (size_t)(next_random(&state) % 4);
        /* Headers decide most: half of the changes go to the first 64 bytes. */
        for (size_t c = 0; c < changes; c++) {
            size_t range = (next_random(&state) & 1) != 0 && size > 64 ? 64 : size;
            place[c] = (size_t)(next_random(&state) % range);
            old[c] = bytes[place[c]];
            uint64_t draw = next_random(&state);
            bytes[place[c]] = (draw & 1) != 0 ? awkward[(draw >> 1) % sizeof(awkward)]
                                              : (uint8_t)(old[c] ^ (1u << ((draw >> 1) % 8)));
        }
        call_target(counts, bytes, size);
        for (size_t c = changes; c-- > 0;) {
            bytes[place[c]] = old[c];
        }
    }
    for (size_t eighth = 0; eighth < 8 && size > eighth; eighth++) {
        call_target(counts, bytes, size * eighth / 8);
    }
    if (size > 1) {
        call_target(counts, bytes, size - 1);
    }
}

static bool replay_file(tally *counts, const char *path)
{
    bool ok = false;
    uint8_t *bytes = NULL;
    if (getenv("REPLAY_VERBOSE") != NULL) {
        fprintf(stderr, "replay: %s\n", path);
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        goto done;
    }
    struct stat info;
    if (fstat(fileno(file), &info) != 0 || info.st_size > INPUT_LIMIT) {
        fprintf(stderr, "replay: %s: cannot be read or is larger than 64 MiB\n", path);
        goto done;
    }
    size_t size = (size_t)info.st_size;
    bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        fprintf(stderr, "replay: %s: reading failed\n", path);
        goto done;
    }
    call_target(counts, bytes, size);
    call_mutated(counts, bytes, size);
    counts->inputs++;
    ok = true;
done:
    free(bytes);
    if (file != NULL) {
        fclose(file);
    }
    return ok;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool replay_folder(tally *counts, const char *path)
{
    struct dirent **entries = NULL;
    bool ok = true;
    int count = scandir(path, &entries, not_hidden, by_bytes);
    if (count < 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++) {
        char full[4096];
        int length = snprintf(full, sizeof(full), "%s/%s", path, entries[i]->d_name);
        ok = length > 0 && (size_t)length < sizeof(full) && replay_file(counts, full) && ok;
        free(entries[i]);
    }
    free(entries);
    return ok;
}

int main(int argc, char **argv)
{
    tally counts = {0};
    bool ok = true;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) {
            counts.mutations = strtol(argv[++i], NULL, 10);
        } else if (stat(argv[i], &info) != 0) {
            fprintf(stderr, "replay: %s: %s\n", argv[i], strerror(errno));
            ok = false;
        } else if (S_ISDIR(info.st_mode)) {
            ok = replay_folder(&counts, argv[i]) && ok;
        } else {
            ok = replay_file(&counts, argv[i]) && ok;
        }
    }
    printf("%ld inputs, %ld calls\n", counts.inputs, counts.calls);
    if (counts.inputs == 0) {
        fprintf(stderr, "replay: no input: put at least one seed into the corpus folder\n");
        ok = false;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

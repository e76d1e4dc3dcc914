#include "codec/npy_header.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked_int.h"

/* A cursor over the dictionary literal. Python's whole grammar is not needed: NumPy writes texts
 * without escapes, True/False, and tuples of non-negative integers. */
typedef struct cursor {
    const char *at;
    const char *end;
} cursor;

typedef struct span {
    const char *text;
    size_t size;
} span;

typedef struct dtype_code {
    char kind;
    int size;
    assay_dtype type;
} dtype_code;

static const dtype_code CODES[] = {
    {'u', 1, ASSAY_DTYPE_U8},  {'i', 1, ASSAY_DTYPE_I8},  {'u', 2, ASSAY_DTYPE_U16},
    {'i', 2, ASSAY_DTYPE_I16}, {'u', 4, ASSAY_DTYPE_U32}, {'i', 4, ASSAY_DTYPE_I32},
    {'u', 8, ASSAY_DTYPE_U64}, {'i', 8, ASSAY_DTYPE_I64}, {'f', 2, ASSAY_DTYPE_F16},
    {'f', 4, ASSAY_DTYPE_F32}, {'f', 8, ASSAY_DTYPE_F64}, {'b', 1, ASSAY_DTYPE_BOOL},
};

static const char WANTED[] = "numbers of type bool, int8 to int64, uint8 to uint64, float16, "
                             "float32 or float64 can be read";

static void skip_space(cursor *c)
{
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) {
        c->at++;
    }
}

/* True when the next visible character is `expected`, which is then consumed. */
static bool take(cursor *c, char expected)
{
    skip_space(c);
    if (c->at < c->end && *c->at == expected) {
        c->at++;
        return true;
    }
    return false;
}

static bool take_word(cursor *c, const char *word)
{
    skip_space(c);
    size_t size = strlen(word);
    if ((size_t)(c->end - c->at) >= size && memcmp(c->at, word, size) == 0) {
        c->at += size;
        return true;
    }
    return false;
}

static bool take_text(cursor *c, span *out)
{
    skip_space(c);
    if (c->at >= c->end || (*c->at != '\'' && *c->at != '"')) {
        return false;
    }
    char quote = *c->at++;
    out->text = c->at;
    while (c->at < c->end && *c->at != quote && *c->at != '\\' && *c->at != '\n') {
        c->at++;
    }
    if (c->at >= c->end || *c->at != quote) {
        return false;
    }
    out->size = (size_t)(c->at - out->text);
    c->at++;
    return true;
}

static bool span_is(span s, const char *text)
{
    return s.size == strlen(text) && memcmp(s.text, text, s.size) == 0;
}

static int clip(size_t size)
{
    return size < 60 ? (int)size : 60;
}

static const char *kind_name(char kind)
{
    switch (kind) {
    case 'O':
        return "Python objects (a pickle)";
    case 'c':
        return "complex numbers";
    case 'U':
    case 'S':
    case 'a':
        return "texts";
    case 'M':
        return "dates";
    case 'm':
        return "time differences";
    case 'V':
        return "raw records";
    case 'f':
        return "floating-point numbers of an unusual size";
    default:
        return "values of an unknown type";
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static assay_status parse_descr(assay_npy_header *out, cursor *c, assay_error *err)
{
    skip_space(c);
    if (c->at < c->end && (*c->at == '[' || *c->at == '(')) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "npy: the array has a structured type (%.*s); save every field as an "
                          "array of its own",
                          clip((size_t)(c->end - c->at)), c->at);
    }
    span descr = {0};
    if (!take_text(c, &descr) || descr.size == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: the header gives no element type ('descr')");
    }
    char order = '|';
    size_t i = 0;
    if (strchr("<>=|", descr.text[0]) != NULL && descr.text[0] != '\0') {
        order = descr.text[i++];
    }
    char kind = i < descr.size ? descr.text[i++] : '?';
    int size = 0;
    for (; i < descr.size && is_digit(descr.text[i]) && size < 1000; i++) {
        size = size * 10 + (descr.text[i] - '0');
    }
    for (size_t k = 0; k < ASSAY_COUNT(CODES) && i == descr.size; k++) {
        if (CODES[k].kind == kind && CODES[k].size == size) {
            if (order == '|' && size > 1) {
                return assay_fail(err, ASSAY_EFORMAT,
                                  "npy: the element type '%.*s' does not tell its byte order",
                                  clip(descr.size), descr.text);
            }
            const uint16_t probe = 1;
            bool little = *(const uint8_t *)&probe == 1;
            out->tensor.type = CODES[k].type;
            out->swapped = size > 1 && ((order == '<' && !little) || (order == '>' && little));
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_EUNSUPPORTED, "npy: the array holds %s (type '%.*s'); %s",
                      kind_name(kind), clip(descr.size), descr.text, WANTED);
}

static assay_status parse_extent(int64_t *out, cursor *c, assay_error *err)
{
    skip_space(c);
    if (c->at >= c->end || !is_digit(*c->at)) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: the shape in the header is not a tuple of non-negative integers");
    }
    int64_t value = 0;
    for (; c->at < c->end && is_digit(*c->at); c->at++) {
        if (!assay_i64_mul(&value, value, 10) || !assay_i64_add(&value, value, *c->at - '0')) {
            return assay_fail(err, ASSAY_EFORMAT, "npy: an extent in the header is beyond 2^63");
        }
    }
    if (c->at < c->end && *c->at == 'L') { /* Python 2 wrote long integers so */
        c->at++;
    }
    *out = value;
    return ASSAY_OK;
}

static assay_status parse_shape(assay_npy_header *out, cursor *c, assay_error *err)
{
    if (!take(c, '(')) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: the shape in the header is not a tuple");
    }
    int32_t rank = 0;
    bool comma = true; /* "(3)" is not a tuple, "(3,)" and "()" are */
    while (!take(c, ')')) {
        int64_t extent = 0;
        if (!comma) {
            return assay_fail(err, ASSAY_EFORMAT, "npy: the shape in the header is malformed");
        }
        ASSAY_TRY(parse_extent(&extent, c, err));
        if (rank == ASSAY_TENSOR_RANK) {
            return assay_fail(err, ASSAY_EUNSUPPORTED,
                              "npy: the array has more than %d dimensions; reshape it first",
                              (int)ASSAY_TENSOR_RANK);
        }
        out->tensor.shape[rank++] = extent;
        comma = take(c, ',');
    }
    if (rank == 1 && !comma) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: the shape in the header is not a tuple");
    }
    out->tensor.rank = rank;
    return ASSAY_OK;
}

static assay_status parse_order(assay_npy_header *out, cursor *c, assay_error *err)
{
    if (take_word(c, "True")) {
        out->fortran = true;
    } else if (take_word(c, "False")) {
        out->fortran = false;
    } else {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: 'fortran_order' in the header is neither True nor False");
    }
    return ASSAY_OK;
}

static assay_status parse_member(assay_npy_header *out, unsigned *seen, cursor *c, assay_error *err)
{
    static const char *const KEYS[] = {"descr", "fortran_order", "shape"};
    span key = {0};
    if (!take_text(c, &key) || !take(c, ':')) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: the header is not a dictionary of descr, fortran_order and shape");
    }
    size_t which = 0;
    while (which < ASSAY_COUNT(KEYS) && !span_is(key, KEYS[which])) {
        which++;
    }
    if (which == ASSAY_COUNT(KEYS) || (*seen & (1U << which)) != 0) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: %s key '%.*s' in the header",
                          which == ASSAY_COUNT(KEYS) ? "unknown" : "repeated", clip(key.size),
                          key.text);
    }
    *seen |= 1U << which;
    return which == 0   ? parse_descr(out, c, err)
           : which == 1 ? parse_order(out, c, err)
                        : parse_shape(out, c, err);
}

assay_status assay_npy_data_offset(size_t *out, const uint8_t *prefix, size_t size,
                                   assay_error *err)
{
    static const uint8_t MAGIC[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    *out = 0;
    if (size < sizeof(MAGIC) || memcmp(prefix, MAGIC, sizeof(MAGIC)) != 0) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: not a NumPy file (it does not begin with \\x93NUMPY)");
    }
    if (size < 10) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: the file ends inside its header");
    }
    int major = prefix[6];
    if (major < 1 || major > 3 || prefix[7] != 0) {
        return assay_fail(err, ASSAY_EUNSUPPORTED,
                          "npy: format version %d.%d; versions 1.0, 2.0 and 3.0 can be read", major,
                          (int)prefix[7]);
    }
    size_t length = (size_t)prefix[8] | (size_t)prefix[9] << 8;
    size_t begin = 10;
    if (major > 1) {
        if (size < ASSAY_NPY_PREFIX) {
            return assay_fail(err, ASSAY_EFORMAT, "npy: the file ends inside its header");
        }
        length |= (size_t)prefix[10] << 16 | (size_t)prefix[11] << 24;
        begin = ASSAY_NPY_PREFIX;
    }
    if (length > ASSAY_NPY_HEADER_LIMIT) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "npy: the header claims %zu bytes; at most %d are read (only structured "
                          "types need more, and they cannot be read)",
                          length, (int)ASSAY_NPY_HEADER_LIMIT);
    }
    *out = begin + length;
    return ASSAY_OK;
}

assay_status assay_npy_header_read(assay_npy_header *out, const uint8_t *bytes, size_t offset,
                                   assay_error *err)
{
    memset(out, 0, sizeof(*out));
    size_t begin = bytes[6] > 1 ? 12 : 10;
    cursor c = {(const char *)bytes + begin, (const char *)bytes + offset};
    assay_npy_header made = {0};
    unsigned seen = 0;
    if (!take(&c, '{')) {
        return assay_fail(err, ASSAY_EFORMAT, "npy: the header is not a dictionary");
    }
    bool comma = true;
    while (!take(&c, '}')) {
        if (!comma) {
            return assay_fail(err, ASSAY_EFORMAT, "npy: the header's dictionary is malformed");
        }
        ASSAY_TRY(parse_member(&made, &seen, &c, err));
        comma = take(&c, ',');
    }
    skip_space(&c);
    if (c.at != c.end || seen != 7U) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: the header must give descr, fortran_order and shape, and nothing "
                          "else");
    }
    int64_t count = assay_tensor_count(&made.tensor);
    size_t bytes_needed;
    if (count < 0 ||
        !assay_size_mul(&bytes_needed, (size_t)count, assay_dtype_size(made.tensor.type)) ||
        bytes_needed > INT64_MAX) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: the shape in the header has more elements than can be counted");
    }
    made.data_bytes = bytes_needed;
    *out = made;
    return ASSAY_OK;
}

assay_status assay_npy_check_size(const assay_npy_header *header, size_t stored, size_t max_bytes,
                                  assay_error *err)
{
    uint64_t limit = max_bytes != 0 ? max_bytes : UINT64_C(8) << 30;
    if (stored != header->data_bytes) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "npy: the header announces %zu bytes of data, the file holds %zu; it is "
                          "%s",
                          header->data_bytes, stored,
                          stored < header->data_bytes ? "truncated" : "longer than its array");
    }
    if (header->data_bytes > limit) {
        return assay_fail(err, ASSAY_ELIMIT,
                          "npy: the array takes %zu bytes, the limit is %" PRIu64,
                          header->data_bytes, limit);
    }
    return ASSAY_OK;
}

/* The sample against the published schema, with as much of JSON Schema as that schema uses, save
 * conditions (the oracle script checks those with a full validator). A member that the schema does not
 * know is an error here, so that it stays complete.
 *
 *     report_test_schema FILE...           is each a results.json? (tests of the program ask)
 *     report_test_schema --parts FILE...   other documents: what they share with results.json is alike */
#include "sample.h"

#include "base/text.h"

typedef struct checker {
    const assay_json_value *schema;
    size_t values, problems;
    int loud;
    int parts; /* of a document about one model in one context: it need not name them */
} checker;

static void fail_at(checker *c, const char *path, const char *what)
{
    c->problems++;
    if (c->loud) {
        print_error("%s: %s\n", path, what);
    }
}

static const assay_json_value *resolve(const checker *c, const assay_json_value *schema)
{
    const char *reference = assay_json_get_text(schema, "$ref", NULL);
    if (reference == NULL) {
        return schema;
    }
    assert_true(assay_text_starts(reference, "#/$defs/"));
    const assay_json_value *found =
        assay_json_get(assay_json_get(c->schema, "$defs"), reference + strlen("#/$defs/"));
    assert_non_null(found);
    return found;
}

static int has_type(const assay_json_value *value, const char *type)
{
    if (assay_text_equal(type, "object")) {
        return assay_json_is_object(value);
    }
    if (assay_text_equal(type, "array")) {
        return assay_json_is_array(value);
    }
    if (assay_text_equal(type, "number")) {
        return assay_json_is_number(value);
    }
    if (assay_text_equal(type, "integer")) {
        return assay_json_is_number(value) &&
               assay_json_as_int(value, -7) == assay_json_as_int(value, -8);
    }
    if (assay_text_equal(type, "string")) {
        return assay_json_as_text(value, NULL) != NULL;
    }
    if (assay_text_equal(type, "boolean")) {
        return value != NULL && !assay_json_is_object(value) && !assay_json_is_array(value) &&
               !assay_json_is_number(value) && !assay_json_is_null(value) &&
               assay_json_as_text(value, NULL) == NULL;
    }
    assert_string_equal(type, "null");
    return value != NULL && assay_json_is_null(value);
}

static int type_fits(const assay_json_value *value, const assay_json_value *type)
{
    if (!assay_json_is_array(type)) {
        return type == NULL || has_type(value, assay_json_as_text(type, ""));
    }
    for (size_t i = 0; i < assay_json_size(type); i++) {
        if (has_type(value, assay_json_as_text(assay_json_at(type, i), ""))) {
            return 1;
        }
    }
    return 0;
}

static int in_enum(const assay_json_value *value, const assay_json_value *list)
{
    for (size_t i = 0; i < assay_json_size(list); i++) {
        const assay_json_value *item = assay_json_at(list, i);
        const char *text = assay_json_as_text(item, NULL);
        if (text != NULL ? assay_text_equal(text, assay_json_as_text(value, NULL))
                         : assay_json_as_real(item, 0) == assay_json_as_real(value, -1)) {
            return 1;
        }
    }
    return list == NULL;
}

static void check(checker *c, const assay_json_value *value, const assay_json_value *schema,
                  const char *path)
{
    schema = resolve(c, schema);
    c->values++;
    if (!type_fits(value, assay_json_get(schema, "type"))) {
        fail_at(c, path, "wrong type");
        return;
    }
    if (!in_enum(value, assay_json_get(schema, "enum"))) {
        fail_at(c, path, "not one of the allowed values");
    }
    if (assay_json_is_number(value) &&
        (assay_json_as_real(value, 0) < assay_json_get_real(schema, "minimum", -1e308) ||
         assay_json_as_real(value, 0) > assay_json_get_real(schema, "maximum", 1e308))) {
        fail_at(c, path, "out of range");
    }
    const assay_json_value *required = assay_json_get(schema, "required");
    for (size_t i = 0; assay_json_is_object(value) && i < assay_json_size(required); i++) {
        const char *key = assay_json_as_text(assay_json_at(required, i), "");
        int named = c->parts && (strcmp(key, "model") == 0 || strcmp(key, "context") == 0);
        if (assay_json_get(value, key) == NULL && !named) {
            fail_at(c, path, key);
        }
    }
    const assay_json_value *properties = assay_json_get(schema, "properties");
    for (size_t i = 0; assay_json_is_object(value) && i < assay_json_size(value); i++) {
        const assay_json_value *member = NULL;
        const char *key = assay_json_member(value, i, &member);
        const assay_json_value *own = assay_json_get(properties, key);
        if (own != NULL) {
            check(c, member, own, key);
        } else if (properties != NULL) {
            fail_at(c, key, "the schema does not know this member");
        }
    }
    const assay_json_value *items = assay_json_get(schema, "items");
    for (size_t i = 0; assay_json_is_array(value) && items && i < assay_json_size(value); i++) {
        check(c, assay_json_at(value, i), items, path);
    }
}

static size_t problems_of(const char *results, size_t size, int loud, size_t *values)
{
    assay_buffer text;
    read_whole(&text, SCHEMA);
    assay_json_doc *schema = parse(text.data, text.size), *doc = parse(results, size);
    checker c = {.schema = assay_json_root(schema), .loud = loud};
    check(&c, assay_json_root(doc), c.schema, "$");
    assay_json_doc_free(doc);
    assay_json_doc_free(schema);
    assay_buffer_dispose(&text);
    *values = c.values;
    return c.problems;
}

static void sample_fits_the_schema(void **state)
{
    (void)state;
    assay_buffer sample;
    size_t values = 0;
    read_whole(&sample, SAMPLE);
    assert_int_equal(problems_of(sample.data, sample.size, 1, &values), 0);
    assert_true(values > 5000);
    assay_buffer_dispose(&sample);
}

static void faults_are_found(void **state)
{
    (void)state;
    assay_buffer sample;
    size_t values = 0;
    read_whole(&sample, SAMPLE);
    static const char *const faults[][2] = {
        {"\"verdict\":\"MET\"", "\"verdict\":\"met\""},
        {"\"outcome\":\"value\"", "\"outcome\":\"VALUE\""},
        {"\"threshold\":0.95", "\"treshold\":0.950"},
        {"\"confidence\":0.95", "\"confidence\":9.95"},
        {"\"seed\":42", "\"seed\":[]"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(faults); i++) {
        char *at = strstr(sample.data, faults[i][0]);
        assert_non_null(at);
        assert_int_equal(strlen(faults[i][0]), strlen(faults[i][1]));
        memcpy(at, faults[i][1], strlen(faults[i][1]));
        assert_true(problems_of(sample.data, sample.size, 0, &values) > 0);
        memcpy(at, faults[i][0], strlen(faults[i][0]));
    }
    assert_true(problems_of("{}", 2, 0, &values) > 5);
    assay_buffer_dispose(&sample);
}

/* Of other documents: each member that results.json has too, but for those about the document itself. */
static size_t problems_of_parts(const char *text, size_t size, size_t *values)
{
    static const char *const own[] = {"assay", "schema", "run", "data", "models", "contexts"};
    assay_buffer schema_text;
    read_whole(&schema_text, SCHEMA);
    assay_json_doc *schema = parse(schema_text.data, schema_text.size), *doc = parse(text, size);
    checker c = {.schema = assay_json_root(schema), .loud = 1, .parts = 1};
    const assay_json_value *known = assay_json_get(c.schema, "properties");
    for (size_t i = 0; i < assay_json_size(assay_json_root(doc)); i++) {
        const assay_json_value *member = NULL;
        const char *key = assay_json_member(assay_json_root(doc), i, &member);
        int mine = 0;
        for (size_t k = 0; k < ASSAY_COUNT(own); k++) {
            mine |= strcmp(key, own[k]) == 0;
        }
        if (!mine && assay_json_get(known, key) != NULL) {
            check(&c, member, assay_json_get(known, key), key);
        }
    }
    assay_json_doc_free(doc);
    assay_json_doc_free(schema);
    assay_buffer_dispose(&schema_text);
    *values = c.values;
    return c.problems;
}

static int check_files(int argc, char **argv)
{
    int parts = strcmp(argv[1], "--parts") == 0, failed = 0;
    for (int i = 1 + parts; i < argc; i++) {
        assay_buffer text;
        size_t values = 0;
        read_whole(&text, argv[i]);
        size_t problems = parts ? problems_of_parts(text.data, text.size, &values)
                                : problems_of(text.data, text.size, 1, &values);
        if (problems > 0 || values == 0) {
            print_error("%s: %zu problems in %zu values\n", argv[i], problems, values);
            failed = 1;
        }
        assay_buffer_dispose(&text);
    }
    return failed;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return check_files(argc, argv);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_fits_the_schema),
        cmocka_unit_test(faults_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

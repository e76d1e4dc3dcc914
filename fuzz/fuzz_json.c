/* A document that was parsed is walked through every accessor; members must be found by key. */
#include <stdlib.h>

#include "codec/json_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const assay_json_value *value)
{
    size_t n = assay_json_size(value);
    (void)assay_json_as_real(value, 0);
    (void)assay_json_as_int(value, 0);
    (void)assay_json_as_text(value, "");
    for (size_t i = 0; i < n; i++) {
        const assay_json_value *member = assay_json_at(value, i);
        if (assay_json_is_object(value)) {
            const char *key = assay_json_member(value, i, &member);
            if (key == NULL || assay_json_get(value, key) != member) {
                abort();
            }
        }
        if (member == NULL) {
            abort();
        }
        walk(member);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_json_doc *doc = NULL;
    assay_error err = {0};
    if (assay_json_parse(&doc, (const char *)data, size, 1 << 20, &err) == ASSAY_OK) {
        walk(assay_json_root(doc));
    } else if (doc != NULL || err.message[0] == '\0') {
        abort();
    }
    assay_json_doc_free(doc);
    return 0;
}

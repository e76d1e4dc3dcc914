#include "report/identity.h"

#include <string.h>

#include "base/text.h"

static void add_list(assay_digest *digest, const assay_json_value *list, const char *const *keys,
                     size_t n_keys)
{
    size_t n = assay_json_size(list);

    assay_digest_i64(digest, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n_keys; k++) {
            assay_digest_text(digest, assay_json_get_text(assay_json_at(list, i), keys[k], ""));
        }
    }
}

assay_status assay_identity_open(assay_identity *out, const assay_evidence *evidence,
                                 assay_error *err)
{
    static const char *const files[] = {"name", "digest"};
    static const char *const verdicts[] = {"id", "text", "model", "context", "metric", "verdict"};
    assay_digest *digest = NULL;

    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_digest_text(digest, assay_json_get_text(evidence->run, "title", ""));
    assay_digest_text(digest, assay_json_get_text(evidence->run, "started", ""));
    assay_digest_text(digest, assay_json_get_text(evidence->run, "finished", ""));
    assay_digest_text(digest,
                      assay_json_get_text(assay_json_get(evidence->run, "plan"), "digest", ""));
    add_list(digest, evidence->models, files, ASSAY_COUNT(files));
    add_list(digest, evidence->data, files, ASSAY_COUNT(files));
    add_list(digest, evidence->verdicts, verdicts, ASSAY_COUNT(verdicts));
    assay_status status = assay_digest_hex(out->base, digest, err);
    assay_digest_free(digest);
    return status;
}

assay_status assay_identity_uuid(char out[ASSAY_UUID_TEXT], const assay_identity *identity,
                                 const char *role, size_t index, assay_error *err)
{
    static const int groups[] = {8, 4, 4, 4, 12};
    char hex[ASSAY_DIGEST_HEX];
    assay_digest *digest = NULL;

    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_digest_text(digest, identity->base);
    assay_digest_text(digest, role);
    assay_digest_i64(digest, (int64_t)index);
    assay_status status = assay_digest_hex(hex, digest, err);
    assay_digest_free(digest);
    ASSAY_TRY(status);
    hex[12] = '5';
    hex[16] = "89ab"[(unsigned char)hex[16] % 4]; /* the variant of RFC 9562 */
    const char *from = hex;
    for (size_t g = 0; g < ASSAY_COUNT(groups); g++) {
        memcpy(out, from, (size_t)groups[g]);
        out += groups[g];
        from += groups[g];
        *out++ = g + 1 < ASSAY_COUNT(groups) ? '-' : '\0';
    }
    return ASSAY_OK;
}

const char *assay_identity_hex(const char *digest)
{
    const char *hex = assay_text_starts(digest, "sha256:") ? digest + strlen("sha256:") : digest;
    size_t n = strspn(hex, "0123456789abcdefABCDEF");

    return n == ASSAY_DIGEST_HEX - 1 && hex[n] == '\0' ? hex : "";
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

assay_status assay_identity_token(assay_buffer *out, const char *text, assay_error *err)
{
    bool fits = is_letter(text[0]) || text[0] == '_';
    char hex[ASSAY_DIGEST_HEX];

    if (!fits) {
        assay_buffer_puts(out, "_");
    }
    for (const char *at = text; *at != '\0'; at++) {
        bool allowed = is_letter(*at) || is_digit(*at) || strchr(".-_", *at) != NULL;
        fits = fits && allowed;
        assay_buffer_putc(out, allowed ? *at : '_');
    }
    if (!fits) {
        ASSAY_TRY(assay_digest_bytes(hex, text, strlen(text), err));
        assay_buffer_printf(out, "-%.8s", hex);
    }
    return ASSAY_OK;
}

void assay_identity_uri(assay_buffer *out, const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (is_letter(*at) || is_digit(*at) || strchr("-._~/", *at) != NULL) {
            assay_buffer_putc(out, *at);
        } else {
            assay_buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*at);
        }
    }
}

const char *assay_identity_time(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    bool fits = strlen(text) == sizeof shape - 1;

    for (size_t i = 0; fits && i + 1 < sizeof shape; i++) {
        fits = shape[i] == 'd' ? is_digit(text[i]) : text[i] == shape[i];
    }
    return fits ? text : "1970-01-01T00:00:00Z";
}

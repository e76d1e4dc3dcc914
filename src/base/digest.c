#include "base/digest.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

enum { WAITING = 2048 };

struct assay_digest {
    EVP_MD_CTX *context;
    size_t waiting; /* small pieces are gathered: OpenSSL takes as long to enter as to hash them */
    unsigned char pieces[WAITING];
    bool failed; /* sticky: reported by assay_digest_hex */
};

assay_status assay_digest_new(assay_digest **out, assay_error *err)
{
    *out = NULL;
    assay_digest *digest = assay_alloc(1, sizeof *digest);
    if (digest == NULL) {
        return assay_fail_memory(err);
    }
    digest->context = EVP_MD_CTX_new();
    if (digest->context == NULL) {
        assay_digest_free(digest);
        return assay_fail_memory(err);
    }
    if (EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
        assay_digest_free(digest);
        return assay_fail(err, ASSAY_EBACKEND,
                          "OpenSSL gives no SHA-256: check its configuration (openssl.cnf)");
    }
    *out = digest;
    return ASSAY_OK;
}

static void hash(assay_digest *digest, const void *bytes, size_t size)
{
    if (size > 0 && EVP_DigestUpdate(digest->context, bytes, size) != 1) {
        digest->failed = true;
    }
}

static void hash_waiting(assay_digest *digest)
{
    hash(digest, digest->pieces, digest->waiting);
    digest->waiting = 0;
}

void assay_digest_update(assay_digest *digest, const void *bytes, size_t size)
{
    if (size > WAITING - digest->waiting) {
        hash_waiting(digest);
    }
    if (size > WAITING) {
        hash(digest, bytes, size);
    } else if (size > 0) {
        memcpy(digest->pieces + digest->waiting, bytes, size);
        digest->waiting += size;
    }
}

/* Little-endian whatever the machine, so that digests travel. */
static void update_u64(assay_digest *digest, uint64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    assay_digest_update(digest, bytes, sizeof bytes);
}

void assay_digest_text(assay_digest *digest, const char *text)
{
    if (text == NULL) {
        update_u64(digest, UINT64_MAX);
        return;
    }
    size_t size = strlen(text);
    update_u64(digest, size);
    assay_digest_update(digest, text, size);
}

void assay_digest_i64(assay_digest *digest, int64_t value)
{
    update_u64(digest, (uint64_t)value);
}

void assay_digest_real(assay_digest *digest, double value)
{
    /* NaN has many bit patterns and one meaning. */
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    if (!isnan(value)) {
        memcpy(&bits, &value, sizeof bits);
    }
    update_u64(digest, bits);
}

assay_status assay_digest_hex(char out[ASSAY_DIGEST_HEX], assay_digest *digest, assay_error *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    out[0] = '\0';
    hash_waiting(digest);
    if (digest->failed || EVP_DigestFinal_ex(digest->context, sum, &size) != 1 ||
        size != ASSAY_DIGEST_BYTES) {
        digest->failed = true;
        return assay_fail(err, ASSAY_EINTERNAL,
                          "digest could not be computed, or was already taken");
    }
    digest->failed = true;
    for (int i = 0; i < ASSAY_DIGEST_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[sum[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
    }
    out[2 * ASSAY_DIGEST_BYTES] = '\0';
    return ASSAY_OK;
}

void assay_digest_free(assay_digest *digest)
{
    if (digest != NULL) {
        EVP_MD_CTX_free(digest->context);
        assay_free(digest);
    }
}

assay_status assay_digest_bytes(char out[ASSAY_DIGEST_HEX], const void *bytes, size_t size,
                                assay_error *err)
{
    out[0] = '\0';
    assay_digest *digest = NULL;
    ASSAY_TRY(assay_digest_new(&digest, err));
    assay_digest_update(digest, bytes, size);
    assay_status status = assay_digest_hex(out, digest, err);
    assay_digest_free(digest);
    return status;
}

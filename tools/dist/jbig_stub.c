/**
 * @file jbig_stub.c
 * Stands in for libjbig in the release archive. Debian's libtiff needs that library to be there, but
 * it is under the GPL, and bi-level fax images (TIFF compression JBIG) are nothing that Assay reads.
 * Every call reports failure, which libtiff passes on as an ordinary decoding error. The names are
 * those that libtiff asks the linker for; their arguments are never looked at.
 */
int jbg_newlen(void);
int jbg_newlen(void)
{
    return 1; /* anything but 0 is a failure */
}

int jbg_dec_in(void);
int jbg_dec_in(void)
{
    return 1;
}

unsigned long jbg_dec_getsize(void);
unsigned long jbg_dec_getsize(void)
{
    return 0;
}

void *jbg_dec_getimage(void);
void *jbg_dec_getimage(void)
{
    return 0;
}

const char *jbg_strerror(void);
const char *jbg_strerror(void)
{
    return "JBIG is not part of this build";
}

void jbg_dec_init(void);
void jbg_dec_init(void)
{
}

void jbg_dec_free(void);
void jbg_dec_free(void)
{
}

void jbg_enc_init(void);
void jbg_enc_init(void)
{
}

void jbg_enc_out(void);
void jbg_enc_out(void)
{
}

void jbg_enc_free(void);
void jbg_enc_free(void)
{
}

#include "adapters/filesystem/file_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

struct assay_file_stream {
    int descriptor;
    char *path;
};

assay_status assay_file_stream_open(assay_file_stream **out, const char *path, assay_error *err)
{
    assay_status status = ASSAY_OK;
    struct stat info = {0};
    *out = NULL;
    assay_file_stream *stream = assay_alloc(1, sizeof *stream);
    if (stream == NULL) {
        return assay_fail_memory(err);
    }
    /* Not blocking: a pipe without a writer must not stop the program before it is refused. */
    stream->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    stream->path = assay_strdup(path);
    if (stream->descriptor < 0) {
        status =
            assay_fail_errno(err, errno == ENOENT || errno == ENOTDIR ? ASSAY_ENOTFOUND : ASSAY_EIO,
                             "cannot open %s", path);
        goto done;
    }
    if (stream->path == NULL) {
        status = assay_fail_memory(err);
        goto done;
    }
    if (fstat(stream->descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        status = assay_fail(err, ASSAY_EFORMAT, "%s is not a regular file", path);
        goto done;
    }
    *out = stream;
    stream = NULL;
done:
    assay_file_stream_close(stream);
    return status;
}

assay_status assay_file_stream_seek(assay_file_stream *stream, uint64_t at, assay_error *err)
{
    return lseek(stream->descriptor, (off_t)at, SEEK_SET) >= 0
               ? ASSAY_OK
               : assay_fail_errno(err, ASSAY_EIO, "cannot go to byte %" PRIu64 " of %s", at,
                                  stream->path);
}

assay_status assay_file_stream_read(void *stream, void *to, size_t room, size_t *got,
                                    assay_error *err)
{
    const assay_file_stream *self = stream;
    *got = 0;
    for (;;) {
        ssize_t n = read(self->descriptor, to, room);
        if (n >= 0) {
            *got = (size_t)n;
            return ASSAY_OK;
        }
        if (errno != EINTR) {
            return assay_fail_errno(err, ASSAY_EIO, "cannot read %s", self->path);
        }
    }
}

void assay_file_stream_close(assay_file_stream *stream)
{
    if (stream != NULL) {
        if (stream->descriptor >= 0) {
            (void)close(stream->descriptor);
        }
        assay_free(stream->path);
        assay_free(stream);
    }
}

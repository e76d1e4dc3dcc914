#include "source_options.h"

#include <string.h>

enum { OWN_MOST = 8, SOURCE = 6 };

int source_command_parse(source_command *out, assay_annotation_source *source, const command *self,
                         const option *own, size_t n_own, const char *json_help, int argc,
                         char **argv)
{
    size_t n = 0;
    const char *path[1] = {NULL};
    *out = (source_command){.columns = {.split = true}};
    const option shared[SOURCE] = {
        {"format", 0, OPTION_TEXT, &source->format, "NAME",
         "coco, yolo, voc, labelme, visdrone, dota, table (default: told by content)"},
        {"images", 0, OPTION_TEXT, &source->images, "FOLDER",
         "where the images are (default: looked for)"},
        {"split", 0, OPTION_TEXT, &source->split, "NAME",
         "part of a data.yaml (default: val, test or train)"},
        {"voc-corners", 0, OPTION_TEXT, &source->voc_corners, "edges|pixels",
         "what xmax in VOC files means (default: edges)"},
        {"columns", 0, OPTION_LIST, &out->columns, "ROLE=COLUMN,...",
         "columns of a table (default: by name)"},
        {"json", 0, OPTION_TEXT, &out->json, "FILE", json_help}};
    option options[OWN_MOST + SOURCE];
    if (n_own > OWN_MOST) {
        return complain(self, EXIT_INTERNAL, "more than %d options", (int)OWN_MOST);
    }
    for (size_t i = 0; i < n_own; i++) {
        options[i] = own[i];
    }
    memcpy(options + n_own, shared, sizeof shared);
    int code = option_parse(self, options, n_own + SOURCE, &out->common, argc, argv, path, 1, &n);
    source->columns = out->columns.items;
    source->path = n == 1 ? path[0] : NULL;
    out->complete = n == 1;
    return code;
}

void source_command_dispose(source_command *c)
{
    option_list_free(&c->columns);
}

int source_command_run(int32_t *worst, const command *self, const source_command *c, source_ask ask,
                       const void *request)
{
    cli_session session;
    assay_error err = {0};
    char *json = NULL;
    char *text = NULL;
    bool to_output = c->json && strcmp(c->json, "-") == 0;
    int code = session_open(&session, self, &c->common);
    if (code != 0) {
        return code;
    }
    assay_status status = ask(worst, c->json ? &json : NULL, to_output ? NULL : &text,
                              session.context, request, &err);
    session_close(&session);
    return status == ASSAY_OK ? write_answer(self, text, json, c->json)
                              : session_fail(self, status, &err);
}

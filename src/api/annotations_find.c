/* Where annotations and images lie, and in which format. */
#include <string.h>

#include "adapters/filesystem/file.h"
#include "adapters/filesystem/file_stream.h"
#include "adapters/filesystem/folder_walk.h"
#include "api/annotations.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/text_index.h"
#include "codec/image_names.h"
#include "plan/data_yaml.h"

enum { YAML_MOST = 16 << 20, LIST_MOST = 1 << 28, LOOK_AT = 64 };

static const char not_told[] =
    "not told what it is by its content; say so (--format, --truth-format, "
    "--predictions-format): coco, yolo, voc, labelme, visdrone, dota, table";
static const char *const format_names[] = {NULL,      "coco",     "yolo", "voc",
                                           "labelme", "visdrone", "dota", "table"};

const char *assay_annotation_format_name(assay_annotation_format format)
{
    return format_names[format];
}

/* ---- images by name ---- */

/* Images below a folder, found by their path without extension or by their stem. */
typedef struct image_list {
    const char *folder;
    const char **paths; /* relative */
    const char **stems;
    uint8_t *twins; /* 1 = others have the same stem */
    int64_t n;
    assay_text_index *index;
} image_list;

static const char *stem_path(assay_arena *arena, const char *path)
{
    size_t n = assay_file_without_extension(path, strlen(path));
    return assay_arena_printf(arena, "%.*s", (int)n, path);
}

static assay_status list_images(image_list *out, const char *folder, assay_arena *arena,
                                assay_error *err)
{
    out->folder = folder;
    ASSAY_TRY(assay_folder_walk(&out->paths, &out->n, folder, assay_image_endings, arena, err));
    out->stems = assay_arena_alloc(arena, (size_t)out->n + 1, sizeof *out->stems);
    out->twins = assay_arena_alloc(arena, (size_t)out->n + 1, 1);
    if (out->stems == NULL || out->twins == NULL) {
        return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_text_index_new(&out->index, out->n, err));
    for (int64_t i = 0; i < out->n; i++) {
        int64_t found = -1;
        out->stems[i] = stem_path(arena, out->paths[i]);
        if (out->stems[i] == NULL) {
            return assay_fail_memory(err);
        }
        ASSAY_TRY(assay_text_index_put(&found, out->index, out->stems, i, err));
        if (found >= 0) {
            out->twins[found] = 1;
        }
    }
    return ASSAY_OK;
}

static int64_t find_image(const image_list *list, const char *stem)
{
    return list->index != NULL ? assay_text_index_find(list->index, list->stems, stem, strlen(stem))
                               : -1;
}

/* ---- folders ---- */

static bool is_folder(assay_arena *arena, const char *folder, const char *name, const char **out)
{
    *out = assay_path_join(arena, folder, name);
    return *out != NULL && assay_file_kind(*out) == 2;
}

/* Folder of images beside a folder of annotations. */
static const char *images_beside(assay_arena *arena, const char *labels)
{
    static const char *const names[] = {"images", "JPEGImages", "Images"};
    const char *parent = assay_path_folder(arena, labels);
    const char *found = NULL;
    for (size_t i = 0; parent != NULL && i < ASSAY_COUNT(names); i++) {
        if (is_folder(arena, parent, names[i], &found)) {
            return found;
        }
    }
    return labels;
}

static const char *labels_below(assay_arena *arena, const char *folder)
{
    static const char *const names[] = {"labels",   "Annotations",   "annotations",
                                        "labelTxt", "labelTxt-v1.5", "labelTxt-v1.0"};
    const char *found = NULL;
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if (is_folder(arena, folder, names[i], &found)) {
            return found;
        }
    }
    return folder;
}

static const char *ending_of(assay_annotation_format format)
{
    return format == ASSAY_ANNOTATIONS_VOC       ? ".xml"
           : format == ASSAY_ANNOTATIONS_LABELME ? ".json"
                                                 : ".txt";
}

/* Text files that lie among annotations and are none. */
static bool is_list(const char *path)
{
    static const char *const names[] = {"classes.txt", "labels.txt", "README.txt", "train.txt",
                                        "val.txt",     "test.txt",   "notes.txt"};
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    bool any = false;
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        any = any || strcmp(name, names[i]) == 0;
    }
    return any;
}

/* The format that the first files of the folder have; files without content say nothing. */
static assay_status sniff_folder(int *format, const char *folder, const char *const *paths,
                                 int64_t n, assay_arena *arena, assay_error *err)
{
    *format = 0;
    for (int64_t i = 0, looked = 0; i < n && *format == 0 && looked < LOOK_AT; i++) {
        if (!is_list(paths[i])) {
            const char *path = assay_path_join(arena, folder, paths[i]);
            if (path == NULL) {
                return assay_fail_memory(err);
            }
            ASSAY_TRY(assay_annotation_sniff(format, path, err));
            looked++;
        }
    }
    return ASSAY_OK;
}

static assay_status forced(int *format, const assay_annotation_options *options, assay_error *err)
{
    *format = 0;
    for (int i = 1; options->format != NULL && i <= ASSAY_ANNOTATION_FORMATS; i++) {
        if (strcmp(options->format, format_names[i]) == 0) {
            *format = i;
        }
    }
    if (options->format != NULL && *format == 0) {
        const char *nearest =
            assay_text_nearest(options->format, format_names + 1, ASSAY_ANNOTATION_FORMATS);
        return assay_fail(err, ASSAY_EINVAL,
                          "there is no format '%s'%s%s%s; it is one of coco, yolo, voc, labelme, "
                          "visdrone, dota, table",
                          options->format, nearest != NULL ? "; did you mean '" : "",
                          nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
    }
    return ASSAY_OK;
}

static assay_status room(assay_annotation_set *out, int64_t n, assay_arena *arena, assay_error *err)
{
    out->files = assay_arena_alloc(arena, (size_t)n + 1, sizeof *out->files);
    return out->files != NULL ? ASSAY_OK : assay_fail_memory(err);
}

/* Files of a folder, image for image; those of YOLO come from the images. */
static assay_status list_files(assay_annotation_set *out, const char *folder,
                               const char *const *paths, int64_t n, const image_list *images,
                               assay_arena *arena, assay_error *err)
{
    const char *ending = ending_of(out->format);
    out->images = images->folder;
    ASSAY_TRY(room(out, n, arena, err));
    for (int64_t i = 0; i < n; i++) {
        if (!assay_text_ends_nocase(paths[i], ending) || is_list(paths[i])) {
            continue;
        }
        const char *stem = stem_path(arena, paths[i]);
        int64_t image = stem != NULL ? find_image(images, stem) : -1;
        assay_annotation_file *file = &out->files[out->n++];
        file->path = assay_path_join(arena, folder, paths[i]);
        file->name = image >= 0 ? images->paths[image] : stem;
        file->ambiguous = image >= 0 && images->twins[image] != 0;
        file->image =
            image >= 0 ? assay_path_join(arena, images->folder, images->paths[image]) : NULL;
        if (stem == NULL || file->path == NULL || (image >= 0 && file->image == NULL)) {
            return assay_fail_memory(err);
        }
    }
    return ASSAY_OK;
}

/* Every image of the folder, with its label file where there is one. */
static assay_status add_images(assay_annotation_set *out, const char *labels, const char *prefix,
                               const image_list *images, assay_arena *arena, assay_error *err)
{
    out->images = prefix != NULL ? "." : images->folder;
    for (int64_t i = 0; i < images->n; i++) {
        assay_annotation_file *file = &out->files[out->n++];
        file->image = assay_path_join(arena, images->folder, images->paths[i]);
        file->name =
            prefix != NULL ? assay_path_join(arena, prefix, images->paths[i]) : images->paths[i];
        const char *label = assay_arena_printf(arena, "%s/%s.txt", labels, images->stems[i]);
        if (file->image == NULL || file->name == NULL || label == NULL) {
            return assay_fail_memory(err);
        }
        file->path = assay_file_kind(label) == 1 ? label : NULL;
    }
    return ASSAY_OK;
}

/* ---- YOLO ---- */

/* The last folder called images becomes labels. */
static const char *labels_for(assay_arena *arena, const char *images)
{
    size_t n = strlen(images);
    while (n > 1 && images[n - 1] == '/') {
        n--;
    }
    for (size_t i = n; i-- > 0;) {
        bool begins = i == 0 || images[i - 1] == '/';
        if (begins && i + 6 <= n && memcmp(images + i, "images", 6) == 0 &&
            (i + 6 == n || images[i + 6] == '/')) {
            return assay_arena_printf(arena, "%.*slabels%.*s", (int)i, images, (int)(n - i - 6),
                                      images + i + 6);
        }
    }
    return assay_arena_printf(arena, "%.*s", (int)n, images);
}

/* Where the folder that data.yaml names lies: YOLO's tools look from several places. */
static const char *resolve(assay_arena *arena, const char *base, const assay_data_yaml *yaml,
                           const char *entry)
{
    const char *root = yaml->path != NULL ? assay_path_join(arena, base, yaml->path) : base;
    while (assay_text_starts(entry, "./")) {
        entry += 2;
    }
    const char *bare = entry;
    while (assay_text_starts(bare, "../")) {
        bare += 3;
    }
    const char *const tries[] = {root != NULL ? assay_path_join(arena, root, entry) : NULL,
                                 assay_path_join(arena, base, entry),
                                 assay_path_join(arena, base, bare)};
    for (size_t i = 0; i < ASSAY_COUNT(tries); i++) {
        if (tries[i] != NULL && assay_file_kind(tries[i]) != 0) {
            return tries[i];
        }
    }
    return NULL;
}

/* A text file with one image per line. */
static assay_status add_list(assay_annotation_set *out, const char *list, const char *base,
                             assay_arena *arena, assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int64_t lines = 1;
    ASSAY_TRY(assay_file_read(&bytes, &size, list, LIST_MOST, err));
    char *text = assay_arena_alloc(arena, size + 1, 1);
    if (text != NULL) {
        memcpy(text, bytes, size);
    }
    assay_free(bytes);
    if (text == NULL) {
        return assay_fail_memory(err);
    }
    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    ASSAY_TRY(room(out, lines, arena, err));
    out->images = base;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        const char *name = assay_text_starts(line, "./") ? line + 2 : line;
        assay_annotation_file *file = &out->files[out->n++];
        file->name = name;
        file->image = assay_path_join(arena, base, name);
        const char *folder = file->image != NULL ? assay_path_folder(arena, file->image) : NULL;
        const char *labels = folder != NULL ? labels_for(arena, folder) : NULL;
        const char *stem = NULL;
        size_t n = 0;
        assay_file_stem(&stem, &n, name, strlen(name));
        const char *label =
            labels != NULL ? assay_arena_printf(arena, "%s/%.*s.txt", labels, (int)n, stem) : NULL;
        if (label == NULL) {
            return assay_fail_memory(err);
        }
        file->path = assay_file_kind(label) == 1 ? label : NULL;
    }
    return ASSAY_OK;
}

static assay_status add_folders(assay_annotation_set *out, const char *const *folders, int64_t n,
                                const char *const *labels, assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    int64_t total = 0;
    image_list *lists = assay_arena_alloc(arena, (size_t)n, sizeof *lists);
    if (lists == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        ASSAY_GOTO(list_images(&lists[i], folders[i], arena, err), done);
        total += lists[i].n;
    }
    ASSAY_GOTO(room(out, total, arena, err), done);
    for (int64_t i = 0; i < n; i++) {
        const char **texts = NULL;
        int64_t n_texts = 0;
        if (assay_file_kind(labels[i]) == 2) {
            static const char *const text_ending[] = {".txt", NULL};
            ASSAY_GOTO(assay_folder_walk(&texts, &n_texts, labels[i], text_ending, arena, err),
                       done);
        }
        int64_t before = out->n;
        ASSAY_GOTO(add_images(out, labels[i], n > 1 ? folders[i] : NULL, &lists[i], arena, err),
                   done);
        for (int64_t k = 0; k < n_texts; k++) {
            out->orphans += !is_list(texts[k]);
        }
        for (int64_t k = before; k < out->n; k++) {
            out->orphans -= out->files[k].path != NULL;
        }
    }
done:
    for (int64_t i = 0; i < n; i++) {
        assay_text_index_free(lists[i].index);
    }
    return status;
}

static assay_status read_yaml(assay_data_yaml *yaml, assay_annotation_set *out, const char *path,
                              const assay_annotation_options *options, assay_arena *arena,
                              assay_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    ASSAY_TRY(assay_file_read(&bytes, &size, path, YAML_MOST, err));
    assay_status status =
        assay_data_yaml_read(yaml, (const char *)bytes, size, path, options->split, arena, err);
    assay_free(bytes);
    out->names = yaml->names;
    out->n_names = yaml->n_names;
    out->keypoints = yaml->keypoints;
    out->keypoint_numbers = yaml->keypoint_numbers;
    return status;
}

/* Labels of images that lie elsewhere than data.yaml says: beside them, or where it says. */
static const char *labels_of(assay_arena *arena, const char *base, const assay_data_yaml *yaml,
                             const char *images)
{
    const char *beside = labels_for(arena, images);
    if (beside == NULL || (!assay_text_starts(images, beside) && assay_file_kind(beside) == 2)) {
        return beside;
    }
    const char *entry = yaml->split != NULL && yaml->n_images == 1 ? yaml->images[0] : "images";
    base = yaml->path != NULL ? assay_path_join(arena, base, yaml->path) : base;
    const char *own = base != NULL ? assay_path_join(arena, base, entry) : NULL;
    const char *labels = own != NULL ? labels_for(arena, own) : NULL;
    bool there = labels != NULL && !assay_text_starts(own, labels) && assay_file_kind(labels) == 2;
    return there ? labels : beside;
}

static assay_status find_yolo(assay_annotation_set *out, const char *path,
                              const assay_annotation_options *options, assay_arena *arena,
                              assay_error *err)
{
    assay_data_yaml yaml = {0};
    const char *base = assay_path_folder(arena, path);
    ASSAY_TRY(read_yaml(&yaml, out, path, options, arena, err));
    if (yaml.split == NULL && options->images == NULL) {
        return assay_fail(err, ASSAY_EFORMAT,
                          "%s names no images: it needs 'val:', 'test:' or 'train:', or say "
                          "--images FOLDER",
                          path);
    }
    int64_t n = options->images != NULL ? 1 : yaml.n_images;
    const char **folders = assay_arena_alloc(arena, (size_t)n + 1, sizeof *folders);
    const char **labels = assay_arena_alloc(arena, (size_t)n + 1, sizeof *labels);
    if (folders == NULL || labels == NULL) {
        return assay_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        folders[i] =
            options->images != NULL ? options->images : resolve(arena, base, &yaml, yaml.images[i]);
        if (folders[i] == NULL) {
            return assay_fail(err, ASSAY_ENOTFOUND,
                              "%s: %s names the folder '%s', which is not there", path, yaml.split,
                              yaml.images[i]);
        }
        if (assay_file_kind(folders[i]) == 1) {
            if (n > 1) {
                return assay_fail(err, ASSAY_EUNSUPPORTED,
                                  "%s: a list of images (%s) must be the only entry", path,
                                  folders[i]);
            }
            return add_list(out, folders[i], base, arena, err);
        }
        labels[i] = options->images != NULL ? labels_of(arena, base, &yaml, folders[i])
                                            : labels_for(arena, folders[i]);
        if (labels[i] == NULL) {
            return assay_fail_memory(err);
        }
    }
    return add_folders(out, folders, n, labels, arena, err);
}

/* data.yaml, or the only .yaml of the folder. */
static assay_status yaml_of(const char **out, const char *folder, assay_arena *arena,
                            assay_error *err)
{
    const char **names = NULL;
    int64_t n = 0;
    *out = NULL;
    ASSAY_TRY(assay_folder_list(&names, &n, folder, arena, err));
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        bool data = strcmp(names[i], "data.yaml") == 0 || strcmp(names[i], "data.yml") == 0;
        if (data || assay_text_ends_nocase(names[i], ".yaml") ||
            assay_text_ends_nocase(names[i], ".yml")) {
            *out = assay_path_join(arena, folder, names[i]);
            found++;
            if (data) {
                return *out != NULL ? ASSAY_OK : assay_fail_memory(err);
            }
        }
    }
    if (found > 1) {
        *out = NULL;
    }
    return ASSAY_OK;
}

/* classes.txt (one name per line) beside the labels, when there is no data.yaml. */
static assay_status read_class_list(assay_annotation_set *out, const char *folder,
                                    const char *labels, assay_arena *arena, assay_error *err)
{
    const char *const folders[] = {labels, folder};
    static const char *const files[] = {"classes.txt", "obj.names"};
    uint8_t *bytes = NULL;
    size_t size = 0;
    for (int i = 0; i < 4 && bytes == NULL; i++) {
        const char *path = assay_path_join(arena, folders[i / 2], files[i % 2]);
        if (path != NULL && assay_file_kind(path) == 1) {
            ASSAY_TRY(assay_file_read(&bytes, &size, path, YAML_MOST, err));
        }
    }
    if (bytes == NULL) {
        return ASSAY_OK;
    }
    char *text = assay_arena_alloc(arena, size + 1, 1);
    out->names = assay_arena_alloc(arena, size / 2 + 2, sizeof *out->names);
    if (text != NULL) {
        memcpy(text, bytes, size);
    }
    assay_free(bytes);
    if (text == NULL || out->names == NULL) {
        return assay_fail_memory(err);
    }
    char *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        out->names[out->n_names++] = line;
    }
    return ASSAY_OK;
}

/* ---- one folder ---- */

static assay_status find_folder(assay_annotation_set *out, const char *path,
                                const assay_annotation_options *options, bool results, int format,
                                assay_arena *arena, assay_error *err)
{
    static const char *const endings[] = {".txt", ".xml", ".json", NULL};
    assay_status status = ASSAY_OK;
    const char *yaml = NULL;
    const char **paths = NULL;
    int64_t n = 0;
    image_list images = {0};
    ASSAY_TRY(yaml_of(&yaml, path, arena, err));
    if (yaml != NULL && !results && (format == 0 || format == ASSAY_ANNOTATIONS_YOLO)) {
        out->format = ASSAY_ANNOTATIONS_YOLO;
        return find_yolo(out, yaml, options, arena, err);
    }
    const char *labels = labels_below(arena, path);
    ASSAY_TRY(assay_folder_walk(&paths, &n, labels, endings, arena, err));
    if (format == 0) {
        ASSAY_TRY(sniff_folder(&format, labels, paths, n, arena, err));
    }
    if (format == 0 || format == ASSAY_ANNOTATIONS_COCO || format == ASSAY_ANNOTATIONS_TABLE) {
        return assay_fail(
            err, ASSAY_EFORMAT,
            "%s: no annotations of a known kind in this folder (data.yaml with labels, "
            "VOC .xml, labelme .json, VisDrone or DOTA .txt); COCO and tables are "
            "named as files",
            path);
    }
    out->format = (assay_annotation_format)format;
    const char *folder = options->images != NULL ? options->images : images_beside(arena, labels);
    if (format == ASSAY_ANNOTATIONS_YOLO && !results) {
        const char *const one[] = {folder};
        const char *const two[] = {labels};
        ASSAY_TRY(read_class_list(out, path, labels, arena, err));
        return add_folders(out, one, 1, two, arena, err);
    }
    if (!results) {
        ASSAY_GOTO(list_images(&images, folder, arena, err), done);
    }
    status = list_files(out, labels, paths, n, &images, arena, err);
done:
    assay_text_index_free(images.index);
    return status;
}

static assay_status find_file(assay_annotation_set *out, const char *path,
                              const assay_annotation_options *options, bool results,
                              assay_arena *arena, assay_error *err)
{
    assay_status status = ASSAY_OK;
    image_list images = {0};
    const char *stem = NULL;
    size_t n = 0;
    ASSAY_TRY(room(out, 1, arena, err));
    const char *folder = assay_path_folder(arena, path);
    assay_file_stem(&stem, &n, path, strlen(path));
    assay_annotation_file *file = &out->files[0];
    file->path = path;
    const char *name = assay_arena_printf(arena, "%.*s", (int)n, stem);
    if (folder == NULL || name == NULL) {
        return assay_fail_memory(err);
    }
    file->name = name;
    out->n = 1;
    if (out->format == ASSAY_ANNOTATIONS_COCO || out->format == ASSAY_ANNOTATIONS_TABLE ||
        results) {
        return ASSAY_OK;
    }
    const char *where = options->images != NULL ? options->images : images_beside(arena, folder);
    out->images = where;
    ASSAY_GOTO(list_images(&images, where, arena, err), done);
    int64_t image = find_image(&images, name);
    if (image >= 0) {
        file->name = images.paths[image];
        file->image = assay_path_join(arena, where, images.paths[image]);
    }
    if (out->format == ASSAY_ANNOTATIONS_YOLO) {
        status = read_class_list(out, folder, folder, arena, err);
    }
done:
    assay_text_index_free(images.index);
    return status;
}

assay_status assay_annotation_find(assay_annotation_set *out, const char *path,
                                   const assay_annotation_options *options, bool results,
                                   assay_arena *arena, assay_error *err)
{
    int format = 0;
    *out = (assay_annotation_set){0};
    ASSAY_TRY(forced(&format, options, err));
    if (options->images != NULL && assay_file_kind(options->images) != 2) {
        return assay_fail(err, ASSAY_ENOTFOUND, "--images %s is not a folder", options->images);
    }
    int kind = assay_file_kind(path);
    if (kind == 0) {
        return assay_fail(err, ASSAY_ENOTFOUND, "%s: there is no such file or folder", path);
    }
    if (kind == 2) {
        return find_folder(out, path, options, results, format, arena, err);
    }
    if (format == 0) {
        ASSAY_TRY(assay_annotation_sniff(&format, path, err));
    }
    if (format == 0) {
        return assay_fail(err, ASSAY_EFORMAT, "%s: %s", path,
                          assay_file_size(path) == 0 ? "the file is empty" : not_told);
    }
    out->format = (assay_annotation_format)format;
    bool yaml = assay_text_ends_nocase(path, ".yaml") || assay_text_ends_nocase(path, ".yml");
    if (yaml && format == ASSAY_ANNOTATIONS_YOLO && !results) {
        return find_yolo(out, path, options, arena, err);
    }
    return find_file(out, path, options, results, arena, err);
}

/** @file source_options.h  Options of the commands that read annotations. */
#ifndef ASSAY_CLI_SOURCE_OPTIONS_H
#define ASSAY_CLI_SOURCE_OPTIONS_H

#define SOURCE_OPTIONS(source, columns)                                                            \
    {"format",    0,                                                                               \
     OPTION_TEXT, &(source).format,                                                                \
     "NAME",      "coco, yolo, voc, labelme, visdrone, dota, table (default: told by content)"},   \
        {"images",         0,        OPTION_TEXT,                                                  \
         &(source).images, "FOLDER", "where the images are (default: looked for)"},                \
        {"split",         0,      OPTION_TEXT,                                                     \
         &(source).split, "NAME", "part of a data.yaml (default: val, test or train)"},            \
        {"voc-corners",  0,                                                                        \
         OPTION_TEXT,    &(source).voc_corners,                                                    \
         "edges|pixels", "what xmax in VOC files means (default: edges)"},                         \
    {                                                                                              \
        "columns", 0, OPTION_LIST, &(columns), "ROLE=COLUMN,...",                                  \
            "columns of a table (default: by name)"                                                \
    }

#endif

/* A reader of HTML and XML as strict as our own writers: every tag is closed in order, attributes
 * are quoted, nothing is loaded from elsewhere and nothing can run. */
#ifndef TESTS_REPORT_MARKUP_H
#define TESTS_REPORT_MARKUP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct markup {
    char stack[128][24];
    int depth;
    size_t tags;
    char problem[200]; /* "" = none */
} markup;

static inline const char *markup_fail(markup *m, const char *what, const char *at)
{
    (void)snprintf(m->problem, sizeof m->problem, "%s: %.60s", what, at);
    return NULL;
}

static inline bool markup_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == ':' || c == '_';
}

/* One attribute from its name on; returns what follows it. */
static inline const char *markup_attribute(markup *m, const char *at)
{
    const char *name = at;
    while (markup_is_name(*at)) {
        at++;
    }
    size_t length = (size_t)(at - name);
    if (length == 0) {
        return markup_fail(m, "no attribute name", name);
    }
    if (length > 2 && strncmp(name, "on", 2) == 0) {
        return markup_fail(m, "an event handler", name);
    }
    if (*at != '=') {
        return length == 4 && strncmp(name, "open", 4) == 0 ? at : markup_fail(m, "no value", name);
    }
    if (at[1] != '"') {
        return markup_fail(m, "not quoted", name);
    }
    const char *value = at + 2, *end = strchr(value, '"');
    if (end == NULL) {
        return markup_fail(m, "quote is open", name);
    }
    for (at = value; at < end; at++) {
        if (*at == '<' || *at == '>') {
            return markup_fail(m, "bracket in a value", name);
        }
    }
    if ((length == 3 && strncmp(name, "src", 3) == 0 && strncmp(value, "data:image/", 11) != 0) ||
        (length == 4 && strncmp(name, "href", 4) == 0 && *value != '#')) {
        return markup_fail(m, "an outside reference", name);
    }
    return end + 1;
}

static inline bool markup_is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "img") == 0 || strcmp(name, "br") == 0;
}

/* A tag from its '<' on. */
static inline const char *markup_tag(markup *m, const char *at)
{
    bool closing = at[1] == '/';
    char name[24] = "";
    size_t length = 0;
    const char *start = at;
    at += closing ? 2 : 1;
    while (markup_is_name(*at) && length + 1 < sizeof name) {
        name[length++] = *at++;
    }
    if (length == 0) {
        return markup_fail(m, "a bracket in the text", start);
    }
    m->tags++;
    if (closing) {
        if (*at != '>' || m->depth == 0 || strcmp(m->stack[m->depth - 1], name) != 0) {
            return markup_fail(m, "closes what is not open", start);
        }
        m->depth--;
        return at + 1;
    }
    if (strcmp(name, "script") == 0 || strcmp(name, "iframe") == 0 || strcmp(name, "link") == 0 ||
        strcmp(name, "object") == 0) {
        return markup_fail(m, "an element that runs or loads", start);
    }
    while (*at == ' ') {
        at = markup_attribute(m, at + 1);
        if (at == NULL) {
            return NULL;
        }
    }
    bool empty = *at == '/';
    at += empty;
    if (*at != '>') {
        return markup_fail(m, "a tag that does not end", start);
    }
    if (!empty && !markup_is_void(name)) {
        if (m->depth == 128) {
            return markup_fail(m, "too deep", start);
        }
        memcpy(m->stack[m->depth++], name, sizeof name);
    }
    return at + 1;
}

/* Reads everything; m->problem tells what is wrong. */
static inline void markup_read(markup *m, const char *text)
{
    *m = (markup){.depth = 0};
    const char *at = text;
    while (at != NULL && *at != '\0') {
        if (strncmp(at, "<!--", 4) == 0) {
            const char *end = strstr(at + 4, "--");
            at = end != NULL && end[2] == '>' ? end + 3 : markup_fail(m, "bad comment", at);
        } else if (strncmp(at, "<!DOCTYPE html>", 15) == 0) {
            at += 15;
        } else if (strncmp(at, "<?xml ", 6) == 0) {
            at = strchr(at, '>');
        } else if (strncmp(at, "<style>", 7) == 0) {
            at = strstr(at, "</style>");
            at = at != NULL ? at + 8 : markup_fail(m, "style is open", text);
        } else if (*at == '<') {
            at = markup_tag(m, at);
        } else if (*at == '>') {
            at++;
        } else if (*at == '&') {
            size_t name = strspn(at + 1, "#abcdefghijklmnopqrstuvwxyz0123456789");
            at = at[1 + name] == ';' ? at + name + 2 : markup_fail(m, "a bare ampersand", at);
        } else if ((unsigned char)*at < 0x20 && *at != '\n') {
            at = markup_fail(m, "a control character", at);
        } else {
            at++;
        }
    }
    if (m->problem[0] == '\0' && m->depth != 0) {
        (void)snprintf(m->problem, sizeof m->problem, "%s is not closed", m->stack[m->depth - 1]);
    }
}

#endif

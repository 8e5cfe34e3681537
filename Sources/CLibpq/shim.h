#pragma once

#include <libpq-fe.h>
#include <pthread.h>
// Swift's Glibc module does not show eventfd.
#include <sys/eventfd.h>

// Fields of an error report are named by characters, which Swift sees only as macros it cannot import.
enum driftwatch_report_field {
    DRIFTWATCH_FIELD_SEVERITY = 'V',
    DRIFTWATCH_FIELD_SQLSTATE = 'C',
    DRIFTWATCH_FIELD_MESSAGE = 'M',
    DRIFTWATCH_FIELD_HINT = 'H',
    DRIFTWATCH_FIELD_CONSTRAINT = 'n',
    DRIFTWATCH_FIELD_SOURCE_FUNCTION = 'R',
};

// glibc declares it for _GNU_SOURCE only.
extern int pthread_setname_np(pthread_t thread, const char *name);

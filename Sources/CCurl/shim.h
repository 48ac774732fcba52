#pragma once
#include <curl/curl.h>

// curl's setters and getters are variadic, which Swift does not import: one function per type of value.

static inline CURLcode imagelet_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode imagelet_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
/// curl copies the text.
static inline CURLcode imagelet_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
/// curl keeps the pointer: it must live as long as the handle.
static inline CURLcode imagelet_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
/// curl copies the bytes.
static inline CURLcode imagelet_curl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
}

/// The form of curl's write, header and read callbacks.
typedef size_t (*imagelet_curl_transfer_callback)(char *buffer, size_t size, size_t count, void *context);
static inline CURLcode imagelet_curl_set_callback(
    CURL *easy, CURLoption option, imagelet_curl_transfer_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}
static inline CURLcode imagelet_curl_set_seek(CURL *easy, curl_seek_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

static inline CURLcode imagelet_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode imagelet_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode imagelet_curl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode imagelet_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLSHcode imagelet_curl_share_add(CURLSH *share, curl_lock_data kind) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, kind);
}

#include <histedit.h>
#include <stddef.h>
#include <wchar.h>

// el_set, el_get and history take a variable number of arguments, which Swift can't pass: a function for each use.

static inline void cim_el_set_client_data(EditLine *el, void *data) {
  el_wset(el, EL_CLIENTDATA, data);
}

static inline void *cim_el_client_data(EditLine *el) {
  void *data = NULL;
  el_wget(el, EL_CLIENTDATA, &data);
  return data;
}

static inline void cim_el_set_reader(EditLine *el, int (*read)(EditLine *, wchar_t *)) {
  el_wset(el, EL_GETCFN, read);
}

// Adds the function "cim-complete", which keys can be bound to.
static inline void cim_el_add_completion(EditLine *el, unsigned char (*complete)(EditLine *, wint_t)) {
  el_wset(el, EL_ADDFN, L"cim-complete", L"Complete the word at the cursor", complete);
}

static inline void cim_el_set_prompt(EditLine *el, wchar_t *(*prompt)(EditLine *)) {
  el_wset(el, EL_PROMPT, prompt);
}

static inline void cim_el_set_unbuffered(EditLine *el, int on) { el_wset(el, EL_UNBUFFERED, on); }

static inline void cim_el_set_editing(EditLine *el, int on) { el_wset(el, EL_EDITMODE, on); }

static inline void cim_el_set_raw(EditLine *el, int on) { el_wset(el, EL_PREP_TERM, on); }

static inline void cim_el_refresh(EditLine *el) { el_wset(el, EL_REFRESH); }

static inline void cim_el_use_history(EditLine *el, HistoryW *history) {
  el_wset(el, EL_HIST, history_w, history);
}

static inline void cim_history_limit(HistoryW *history, int entries) {
  HistEventW event;
  history_w(history, &event, H_SETSIZE, entries);
  history_w(history, &event, H_SETUNIQUE, 1);
}

static inline void cim_history_enter(HistoryW *history, const wchar_t *line) {
  HistEventW event;
  history_w(history, &event, H_ENTER, line);
}

// Declared by wchar.h for X/Open programs only.
extern int wcwidth(wchar_t character);

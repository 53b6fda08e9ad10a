# SPDX-License-Identifier: MIT
# Manual pages: of the commands, the pipeline file and the overview; of plugins, with their tables filled in.
dist_man_MANS = man/pipeline-run.1 man/pipeline-inspect.1 man/weir-pipeline.5 man/weir-cases.5
man_MANS += man/weir.7
EXTRA_DIST += man/weir.7.in man/page.awk man/test-man.sh
CLEANFILES += man/weir.7

man/weir.7: man/weir.7.in man/page.awk tests/abi/upper.c
	$(AM_V_GEN)$(MKDIR_P) man && $(AWK) -f $(srcdir)/man/page.awk -v example='$(srcdir)/tests/abi/upper.c' \
	  $(srcdir)/man/weir.7.in >$@-t && mv $@-t $@

# The author's guide: its code and commands are files of their own, which a test runs in order.
guide_files = man/author/1-new.sh man/author/clip.c man/author/cases.json man/author/2-check.sh man/author/clip.yaml \
  man/author/3-run.sh man/author/4-check.part man/author/4-class.part man/author/check.json man/author/4-run.sh \
  man/author/5-verify.sh man/author/6-install.sh
guidedir = $(docdir)/examples/author
dist_guide_DATA = $(guide_files)
man_MANS += man/weir-author.7
EXTRA_DIST += man/weir-author.7.in
CLEANFILES += man/weir-author.7
man/weir-author.7: man/weir-author.7.in man/page.awk $(guide_files)
	$(AM_V_GEN)$(MKDIR_P) man && $(AWK) -f $(srcdir)/man/page.awk -v files='$(srcdir)/man/author' \
	  $(srcdir)/man/weir-author.7.in >$@-t && mv $@-t $@

# plugins/NAME/NAME.7.in holds the prose, and a line @STAGES@ where `pipeline-inspect --man` says the rest.
plugin_pages = man/weir-artifact.7 man/weir-check.7 man/weir-columns.7 man/weir-evaluate.7 man/weir-exec.7 man/weir-file.7 man/weir-labels.7 man/weir-linear.7 \
  man/weir-rows.7 man/weir-split.7
plugin_prose = plugins/artifact/artifact.7.in plugins/check/check.7.in plugins/columns/columns.7.in plugins/evaluate/evaluate.7.in plugins/exec/exec.7.in plugins/file/file.7.in \
  plugins/labels/labels.7.in plugins/linear/linear.7.in plugins/rows/rows.7.in plugins/split/split.7.in
man_MANS += $(plugin_pages)
EXTRA_DIST += $(plugin_prose)
CLEANFILES += $(plugin_pages)

$(plugin_pages): $(plugin_prose) man/page.awk pipeline-inspect $(stage_LTLIBRARIES)
	$(AM_V_GEN)$(MKDIR_P) man && name=`basename $@ .7 | sed 's/^weir-//'` && \
	./pipeline-inspect --unsafe-plugins --man plugins/$$name/.libs/$$name.so >$@-s && \
	$(AWK) -f $(srcdir)/man/page.awk -v stages=$@-s $(srcdir)/plugins/$$name/$$name.7.in >$@-t && \
	rm -f $@-s && mv $@-t $@

TESTS += man/test-man.sh man/test-examples.py
EXTRA_DIST += man/test-examples.py man/examples.py

package site

import (
	"bytes"
	"html/template"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"example.com/sseworkbook/harness/catalog"
)

// documents are the texts beside the lessons, by the path of their pages.
var documents = map[string]string{
	"/readme":          "README.md",
	"/contributing":    "CONTRIBUTING.md",
	"/troubleshooting": "TROUBLESHOOTING.md",
	"/programs":        "harness/programs/README.md",
	"/load":            "harness/load/README.md",
	"/bench":           "harness/bench/README.md",
	"/update":          "harness/update/README.md",
	"/verify":          "harness/verify/README.md",
}

// document is the page of a text.
func (s *Server) document(w http.ResponseWriter, r *http.Request, file string) {
	source, err := os.ReadFile(filepath.Join(s.root, file))
	if err != nil {
		s.say(w, r, http.StatusNotFound, "The text cannot be read", err.Error())
		return
	}
	first, rest, _ := strings.Cut(string(source), "\n")
	s.show(w, r, http.StatusOK, "document", struct {
		head
		Text string
		Dir  string // where it is
	}{s.head(s.now(), strings.TrimPrefix(first, "# "), nil), rest, path.Dir(file)})
}

// hintsSection is the part of a lesson's text that has the hints. The page has them
// beside the text.
var hintsSection = regexp.MustCompile(`(?ms)^## Hints\n.*?(^## |\z)`)

// markdown returns the HTML of a text that stands in dir, a folder of the workbook
// with slashes, with links to the pages of these lessons. HTML in it is left out: the
// workbook's texts have none.
func markdown(lessons []catalog.Lesson, source []byte, dir string) (template.HTML, error) {
	links := util.Prioritized(&links{lessons, dir}, 100)
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithASTTransformers(links)),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(blocks{}, 100))),
	)
	var out bytes.Buffer
	if err := md.Convert(source, &out); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil
}

// links turns the links between the workbook's texts into those between its pages.
type links struct {
	lessons []catalog.Lesson
	dir     string // where the text stands
}

// Transform implements parser.ASTTransformer.
func (l *links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var all []*ast.Link
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			all = append(all, link)
		}
		return ast.WalkContinue, nil
	})
	for _, link := range all {
		if page, ok := l.page(string(link.Destination)); ok {
			link.Destination = []byte(page)
			continue
		}
		unlink(link)
	}
}

// page returns where a link leads, and whether there is a page at all.
func (l *links) page(to string) (string, bool) {
	if strings.HasPrefix(to, "#") || strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://") {
		return to, true
	}
	to, fragment, marked := strings.Cut(to, "#")
	if marked {
		fragment = "#" + fragment
	}
	file := path.Join(l.dir, to)
	for page, document := range documents {
		if file == document {
			return page + fragment, true
		}
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(file, "/README.md"), "lessons/")
	for _, lesson := range l.lessons {
		if ok && name == lesson.Name {
			return "/lessons/" + name + fragment, true
		}
	}
	return "", false
}

// unlink puts what a link says in its place: what has no page is a file of the
// workbook, which the reader has open elsewhere.
func unlink(link *ast.Link) {
	parent := link.Parent()
	for child := link.FirstChild(); child != nil; child = link.FirstChild() {
		parent.InsertBefore(parent, link, child)
	}
	parent.RemoveChild(parent, link)
}

// blocks shows blocks of code.
type blocks struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (blocks) RegisterFuncs(register renderer.NodeRendererFuncRegisterer) {
	register.Register(ast.KindCodeBlock, showBlock)
	register.Register(ast.KindFencedCodeBlock, showBlock)
}

func showBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	code := n.Lines().Value(source)
	_, err := w.WriteString(codeBlock(code, kindOf(code)))
	return ast.WalkSkipChildren, err
}

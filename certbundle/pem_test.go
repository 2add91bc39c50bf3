package certbundle_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/testkit"
)

// A form is one way to write PEM, and whether it is read here. What both
// OpenSSL and Node.js accept must be.
type form struct {
	text string
	read bool
}

// pemForms writes the same content, der, in many ways.
func pemForms(label string, der []byte) map[string]form {
	text := pemOf(label, string(der))
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	begin, end := lines[0], lines[len(lines)-1]+"\n"
	body := lines[1 : len(lines)-1]
	b64 := base64.StdEncoding.EncodeToString(der)
	in := func(body string) string { return begin + body + end }
	split := func(n int) string {
		var b strings.Builder
		for rest := b64; rest != ""; {
			line := rest[:min(n, len(rest))]
			rest = rest[len(line):]
			b.WriteString(line + "\n")
		}
		return in(b.String())
	}
	all := strings.Join(body, "")
	middle := func(s string) string { return in(strings.Join(body[:1], "") + s + strings.Join(body[1:], "")) }
	each := func(old, new string) string { return strings.ReplaceAll(text, old, new) }
	return map[string]form{
		"plain":                           {text, true},
		"CRLF":                            {each("\n", "\r\n"), true},
		"CR":                              {each("\n", "\r"), false},
		"BOM":                             {"\xEF\xBB\xBF" + text, true},
		"UTF-16":                          {"\xFF\xFE" + strings.Join(strings.Split(text, ""), "\x00") + "\x00", false},
		"no final newline":                {strings.TrimSuffix(text, "\n"), true},
		"white space behind lines":        {each("\n", " \t\v\n"), true},
		"white space before base64":       {in(" \t" + strings.Join(body, " \t")), true},
		"white space in base64":           {in(strings.ReplaceAll(all, body[0][:8], body[0][:8]+" \t")), true},
		"white space before BEGIN":        {" " + text, false},
		"white space before END":          {begin + all + " " + end, false},
		"text around":                     {"hello\n-----\n" + text + "\nthe end\n", true},
		"text before BEGIN in its line":   {"x " + text, false},
		"text behind BEGIN in its line":   {strings.Replace(text, begin, strings.TrimSpace(begin)+" x\n", 1), false},
		"text behind END in its line":     {strings.TrimSuffix(text, "\n") + " x\n", false},
		"Bag Attributes":                  {"Bag Attributes\n    localKeyID: 01 02 \nsubject=CN = t\n\nissuer=CN = t\n" + text, true},
		"a long line of text":             {strings.Repeat("x", 2000) + "\n" + text, true},
		"one line":                        {split(len(b64)), true},
		"lines of 300":                    {split(300), true},
		"lines of 76":                     {split(76), true},
		"lines of 63":                     {split(63), true},
		"lines of 1":                      {split(1), true},
		"blank line first":                {in("\n" + all), true},
		"blank line in the middle":        {middle("\n"), true},
		"blank line last":                 {in(all + "\n"), true},
		"blank lines everywhere":          {each("\n", "\n\n"), true},
		"headers":                         {in("Comment: made by hand\n\n" + all), true},
		"no padding":                      {strings.ReplaceAll(text, "=", ""), true},
		"one = too many":                  {in(strings.TrimSuffix(all, "\n") + "=\n"), false},
		"a character that is not base64":  {middle("!\n"), false},
		"a dash in base64":                {middle("-\n"), false},
		"NUL in base64":                   {middle("\x00x\n"), false},
		"NUL behind it":                   {text + "\x00", true},
		"END in the last line of base64":  {begin + strings.TrimSuffix(all, "\n") + end, false},
		"base64 in the line of BEGIN":     {strings.TrimSuffix(begin, "\n") + all + end, false},
		"END of another label":            {strings.Replace(text, "-----END ", "-----END OLD ", 1), false},
		"no END":                          {begin + all, false},
		"no BEGIN":                        {all + end, false},
		"four dashes":                     {each("-----", "----"), false},
		"six dashes":                      {each("-----", "------"), false},
		"small letters":                   {each("BEGIN", "begin"), false},
		"another label":                   {each(label, "NEW "+label+" REQUEST"), false},
		"nothing inside":                  {begin + end, false},
		"two BEGIN":                       {begin + text, false},
		"in another block":                {"-----BEGIN JUNK-----\n" + text, false},
		"a stray END before":              {end + text, true},
		"line breaks as backslash and n":  {each("\n", `\n`), false},
		"DER":                             {string(der), false},
		"the next BEGIN in a line of END": {strings.TrimSuffix(text, "\n") + text, false},
	}
}

// checkForms compares what is read here with what the table says, and with
// what both witnesses accept.
func checkForms(t *testing.T, forms map[string]form, ours func(data []byte) error, openssl []string, node string) {
	t.Helper()
	testkit.NeedTool(t, "openssl")
	testkit.NeedTool(t, "node")
	dir := t.TempDir()
	texts := map[string]string{}
	for name, f := range forms {
		texts[name] = base64.StdEncoding.EncodeToString([]byte(f.text))
	}
	in, err := json.Marshal(texts)
	require.NoError(t, err)
	out := mustRun(t, dir, string(in), "", "node", "-e", `
const forms = JSON.parse(require("fs").readFileSync(0)), read = {};
for (const name in forms) {
  const data = Buffer.from(forms[name], "base64");
  try { `+node+`; read[name] = true; } catch (e) { read[name] = false; }
}
console.log(JSON.stringify(read));`)
	var nodeReads map[string]bool
	require.NoError(t, json.Unmarshal([]byte(out), &nodeReads))
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "form")
			require.NoError(t, os.WriteFile(path, []byte(f.text), 0o600))
			_, errSSL := run(t, "", "", "", "openssl", append(openssl, path)...)
			err := ours([]byte(f.text))
			t.Logf("OpenSSL %t, Node.js %t, here %v", errSSL == nil, nodeReads[name], err)
			require.Equal(t, f.read, err == nil)
			if errSSL == nil && nodeReads[name] {
				require.NoError(t, err, "both others read it")
			}
		})
	}
}

func TestCertificatesAsOthersReadThem(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	leaf, key := ca.issue(t)
	forms := pemForms("CERTIFICATE", leaf.Raw)
	plain, cut := string(pemCerts(leaf)), string(pemCerts(ca.cert)[:300])
	for name, f := range map[string]form{
		"X509 CERTIFICATE":                {pemOf("X509 CERTIFICATE", string(leaf.Raw)), true},
		"TRUSTED CERTIFICATE":             {pemOf("TRUSTED CERTIFICATE", string(leaf.Raw)), true},
		"TRUSTED CERTIFICATE, with trust": {pemOf("TRUSTED CERTIFICATE", string(leaf.Raw)+"\x30\x04\x0C\x02ca"), true},
		"CERTIFICATE, with trust":         {pemOf("CERTIFICATE", string(leaf.Raw)+"\x30\x04\x0C\x02ca"), true},
		"a byte behind it":                {pemOf("CERTIFICATE", string(leaf.Raw)+"\x00"), false},
		"two in one block":                {pemOf("CERTIFICATE", string(leaf.Raw)+string(ca.cert.Raw)), false},
		"a key before it":                 {string(clearKey(t, key)) + plain, true},
		"a key behind it":                 {plain + string(clearKey(t, key)), true},
		"a key alone":                     {string(clearKey(t, key)), false},
		"a second one":                    {plain + string(pemCerts(ca.cert)), true},
		"a second one, cut off":           {plain + cut, false},
		"a first one, damaged":            {"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n" + plain, false},
		"cut off inside":                  {pemOf("CERTIFICATE", string(leaf.Raw[:len(leaf.Raw)-3])), false},
		"PKCS#7":                          {pemOf("PKCS7", string(leaf.Raw)), false},
	} {
		forms[name] = f
	}
	// The key makes Node.js say whether it has read the certificate.
	keyJSON, err := json.Marshal(string(clearKey(t, key)))
	require.NoError(t, err)
	// "A second one, cut off" is read by both for the client's sake, but not in
	// ca.crt by OpenSSL; a chain that lacks a part is no file.
	delete(forms, "a second one, cut off")
	checkForms(t, forms, func(data []byte) error {
		_, err := certbundle.ParseCertificates(data)
		stored := certbundle.CheckClientCert(data)
		require.Equal(t, err == nil, stored == nil, "stored is what is read: %v, %v", err, stored)
		return err
	}, []string{"x509", "-noout", "-in"}, `require("tls").createSecureContext({cert: data, key: `+string(keyJSON)+`})`)
	_, err = certbundle.ParseCertificates([]byte(plain + cut))
	requireFault(t, err, certbundle.ErrMalformed, certbundle.CACertFile)
}

func TestKeysAsOthersReadThem(t *testing.T) {
	t.Parallel()
	key := newECKey(t)
	cert := newAuthority(t).certify(t, key.Public())
	clear := string(clearKey(t, key))
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Split(clear, "\n")[1:4], ""))
	require.NoError(t, err)
	forms := pemForms("PRIVATE KEY", der)
	for name, f := range map[string]form{
		"a certificate before it": {string(pemCerts(cert)) + clear, true},
		"a certificate behind it": {clear + string(pemCerts(cert)), true},
		"Key Attributes":          {"Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n" + clear, true},
		"two keys":                {clear + string(clearKey(t, newECKey(t))), true},
	} {
		forms[name] = f
	}
	// OpenSSL and Node.js read a key in DER, too, which no SDK of the chain does.
	delete(forms, "DER")
	checkForms(t, forms, func(data []byte) error {
		got, _, err := certbundle.OpenKey(data, "")
		require.True(t, err != nil || key.Equal(got), "the first one")
		return err
	}, []string{"pkey", "-noout", "-in"}, `require("crypto").createPrivateKey(data)`)
}

// TestEncryptedKeysInOtherForms: the reading of PEM is the same.
func TestEncryptedKeysInOtherForms(t *testing.T) {
	t.Parallel()
	key := newECKey(t)
	locked := string(lockedKey(t, key, keyPassword))
	for name, data := range map[string]string{
		"CRLF": strings.ReplaceAll(locked, "\n", "\r\n"), "BOM": "\xEF\xBB\xBF" + locked, "blank line first": strings.Replace(locked, "KEY-----\n", "KEY-----\n\n", 1),
	} {
		got, _, err := certbundle.OpenKey([]byte(data), keyPassword)
		require.NoError(t, err, name)
		require.True(t, key.Equal(got), name)
	}
}

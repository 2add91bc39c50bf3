package lenient

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type status string

type item struct {
	ID     string `json:"Id"`
	Status status
	Num    int
	Height int64
	Small  int8
	On     bool
	At     time.Time
	Hidden string `json:"hidden,omitempty"`
}

type page struct {
	Items []item
	Names []string
	Inner item
	Times []time.Time
}

var at = time.Date(2019, 7, 24, 6, 21, 15, 0, time.UTC)

const atMillis = "1563949275000"

func one(i item) page { return page{Items: []item{i}} }

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want page
	}{
		"plain": {
			`{"Items":[{"Id":"a","Status":"Active","Num":4,"Height":365216,"On":true,"At":` + atMillis + `}]}`,
			one(item{ID: "a", Status: "Active", Num: 4, Height: 365216, On: true, At: at}),
		},
		"a number that arrives as a string":   {`{"Items":[{"Num":"4","Height":" 9007199254740993 ","Small":"-128"}]}`, one(item{Num: 4, Height: 9007199254740993, Small: -128})},
		"a string that arrives as a number":   {`{"Items":[{"Id":26842,"Status":1}]}`, one(item{ID: "26842", Status: "1"})},
		"a string that arrives as a boolean":  {`{"Items":[{"Id":true}]}`, one(item{ID: "true"})},
		"a long number as a string":           {`{"Items":[{"Id":123456789012345678901234567890}]}`, one(item{ID: "123456789012345678901234567890"})},
		"a number with a fraction of zero":    {`{"Items":[{"Num":4.0,"Height":1.5e3}]}`, one(item{Num: 4, Height: 1500})},
		"a boolean in a string":               {`{"Items":[{"On":"true"},{"On":"False"}]}`, page{Items: []item{{On: true}, {}}}},
		"a boolean as a number":               {`{"Items":[{"On":1},{"On":0}]}`, page{Items: []item{{On: true}, {}}}},
		"milliseconds as a string":            {`{"Items":[{"At":"` + atMillis + `"}]}`, one(item{At: at})},
		"milliseconds with an exponent":       {`{"Items":[{"At":1.563949275E12}]}`, one(item{At: at})},
		"RFC 3339":                            {`{"Items":[{"At":"2019-07-24T14:21:15+08:00"}]}`, one(item{At: at})},
		"no time: 0":                          {`{"Items":[{"At":0}]}`, one(item{})},
		`no time: "0"`:                        {`{"Items":[{"At":"0"}]}`, one(item{})},
		"no time: empty":                      {`{"Items":[{"At":""}]}`, one(item{})},
		"no time: null":                       {`{"Items":[{"At":null}]}`, one(item{})},
		"no time: as encoding/json has it":    {`{"Items":[{"At":"0001-01-01T00:00:00Z"}]}`, one(item{})},
		"empty strings":                       {`{"Items":[{"Id":"","Status":"","Num":"","On":"","At":" "}],"Names":"","Inner":""}`, one(item{})},
		"null everywhere":                     {`{"Items":null,"Names":null,"Inner":null}`, page{}},
		"null members":                        {`{"Items":[{"Id":null,"Num":null,"On":null}]}`, one(item{})},
		"null elements":                       {`{"Items":[null,{"Id":"a"},null],"Names":[null,"n"]}`, page{Items: []item{{ID: "a"}}, Names: []string{"n"}}},
		"missing members":                     {`{}`, page{}},
		"Result is null":                      {` null `, page{}},
		"empty lists":                         {`{"Items":[]}`, page{Items: []item{}}},
		"unknown members":                     {`{"X":{"Y":[1,{"Z":null}]},"Items":[{"Id":"a","New":[[]]}]}`, one(item{ID: "a"})},
		"a list under one more level":         {`{"Items":{"Items":[{"Id":"a"}]},"Names":{"Names":["n"]}}`, page{Items: []item{{ID: "a"}}, Names: []string{"n"}}},
		"a list under another name":           {`{"Items":{"Item":[{"Id":"a"}]}}`, one(item{ID: "a"})},
		"a list beside other members":         {`{"Items":{"Total":1,"Items":[{"Id":"a"}]}}`, one(item{ID: "a"})},
		"null under one more level":           {`{"Items":{"Items":null},"Names":{}}`, page{Items: []item{}, Names: []string{}}},
		"objects in strings":                  {`{"Items":["{\"Id\":\"a\",\"Num\":\"4\"}"],"Inner":"{\"Id\":\"b\"}"}`, page{Items: []item{{ID: "a", Num: 4}}, Inner: item{ID: "b"}}},
		"a list in a string":                  {`{"Items":"[{\"Id\":\"a\"}]"}`, one(item{ID: "a"})},
		"a list in a string in a list":        {`{"Items":["[{\"Id\":\"a\"},{\"Id\":\"b\"}]",{"Id":"c"}]}`, page{Items: []item{{ID: "a"}, {ID: "b"}, {ID: "c"}}}},
		"an empty list in a string in a list": {`{"Items":["[]",""]}`, page{Items: []item{}}},
		"strings that look like JSON":         {`{"Names":["[]","{}",""],"Items":[{"Id":"{\"Id\":1}"}]}`, page{Names: []string{"[]", "{}", ""}, Items: []item{{ID: `{"Id":1}`}}}},
		"JSON in strings in strings":          {`{"Inner":` + quote(quote(`{"Id":"a"}`)) + `}`, page{Inner: item{ID: "a"}}},
		"names in another case":               {`{"items":[{"ID":"a","id":"b","NUM":4}]}`, one(item{ID: "a", Num: 4})},
		"the name in the right case first":    {`{"Items":[{"ID":"a","Id":"b"}]}`, one(item{ID: "b"})},
		"a name of a tag with options":        {`{"Items":[{"hidden":"h"}]}`, one(item{Hidden: "h"})},
		"lists of times":                      {`{"Times":[` + atMillis + `,"` + atMillis + `"]}`, page{Times: []time.Time{at, at}}},
		"white space and escapes":             {" {\n\"It\\u0065ms\" : [ { \"Id\" : \" \\u4e2d\\n\" } ] } ", one(item{ID: " 中\n"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got page
			require.NoError(t, Unmarshal([]byte(c.in), &got))
			require.Equal(t, normal(c.want), normal(got))
		})
	}
	t.Run("null lists are nil", func(t *testing.T) {
		var got page
		require.NoError(t, Unmarshal([]byte(`{"Items":null,"Names":""}`), &got))
		require.Nil(t, got.Items)
		require.Nil(t, got.Names)
	})
	t.Run("a list as the whole", func(t *testing.T) {
		for _, in := range []string{`[{"Id":"a"}]`, `{"Result":[{"Id":"a"}]}`, `["{\"Id\":\"a\"}"]`, `"[{\"Id\":\"a\"}]"`} {
			var got []item
			require.NoError(t, Unmarshal([]byte(in), &got), in)
			require.Equal(t, []item{{ID: "a"}}, got, in)
		}
	})
	t.Run("a string as the whole", func(t *testing.T) {
		for in, want := range map[string]string{`"success"`: "success", `true`: "true", `1`: "1", `" {} "`: " {} "} {
			var got string
			require.NoError(t, Unmarshal([]byte(in), &got), in)
			require.Equal(t, want, got, in)
		}
	})
}

// normal is p without the difference between nil and empty.
func normal(p page) page {
	if len(p.Items) == 0 {
		p.Items = nil
	}
	if len(p.Names) == 0 {
		p.Names = nil
	}
	return p
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestMismatch(t *testing.T) {
	t.Parallel()
	deep := `{"Id":"secret"}`
	for range maxInStrings + 1 {
		deep = quote(deep)
	}
	for in, want := range map[string]string{
		`{"Items":[{"Id":"a"},{"Num":"secret"}]}`:    "Result.Items[1].Num is not a number",
		`{"Items":[{"Num":1.5}]}`:                    "Result.Items[0].Num is not a number",
		`{"Items":[{"Num":true}]}`:                   "Result.Items[0].Num is not a number",
		`{"Items":[{"Small":128}]}`:                  "Result.Items[0].Small is not a number",
		`{"Items":[{"Height":9223372036854775808}]}`: "Result.Items[0].Height is not a number",
		`{"Items":[{"Height":1e400}]}`:               "Result.Items[0].Height is not a number",
		`{"Items":[{"Height":"NaN"}]}`:               "Result.Items[0].Height is not a number",
		`{"Items":[{"Id":["secret"]}]}`:              "Result.Items[0].Id is not a string",
		`{"Items":[{"Id":{"secret":1}}]}`:            "Result.Items[0].Id is not a string",
		`{"Items":[{"On":"secret"}]}`:                "Result.Items[0].On is not a boolean",
		`{"Items":[{"At":"secret"}]}`:                "Result.Items[0].At is not a time",
		`{"Items":[{"At":true}]}`:                    "Result.Items[0].At is not a time",
		`{"Items":[{"At":1e300}]}`:                   "Result.Items[0].At is not a time",
		`{"Items":[{"At":253402300800000}]}`:         "Result.Items[0].At is not a time", // the year 10000
		`{"Items":[{"At":-99999999999999}]}`:         "Result.Items[0].At is not a time",
		`{"Items":["secret"]}`:                       "Result.Items[0] is not an object",
		`{"Items":[1]}`:                              "Result.Items[0] is not an object",
		`{"Items":[[]]}`:                             "Result.Items[0] is not an object",
		`{"Items":"secret"}`:                         "Result.Items is not a list",
		`{"Items":7}`:                                "Result.Items is not a list",
		`{"Items":{"Id":"secret"}}`:                  "Result.Items is not a list",
		`{"Items":{"A":[],"B":[]}}`:                  "Result.Items is not a list",
		`{"Items":{"Items":{"Items":[]}}}`:           "Result.Items is not a list",
		`{"Inner":[]}`:                               "Result.Inner is not an object",
		`{"Inner":` + deep + `}`:                     "Result.Inner is not an object",
		`[]`:                                         "Result is not an object",
		`{"Items":[}`:                                "no valid JSON",
		``:                                           "no valid JSON",
		strings.Repeat("[", 20_000):                  "no valid JSON",
		`{"X":` + strings.Repeat("[", 20_000) + "}":  "no valid JSON",
	} {
		var got page
		require.EqualError(t, Unmarshal([]byte(in), &got), want, "%.99q", in)
	}
	t.Run("the rest is read nevertheless", func(t *testing.T) {
		var got page
		err := Unmarshal([]byte(`{"Inner":{"Num":"x","Id":"a"},"Items":[{"Num":[]},{"Id":"b"}]}`), &got)
		require.EqualError(t, err, "Result.Items[0].Num is not a number", "the first field of the type")
		require.Equal(t, page{Inner: item{ID: "a"}, Items: []item{{}, {ID: "b"}}}, got)
	})
}

// FuzzUnmarshal: nothing panics, and what was read encoding/json can write and
// read again, as can this package.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{
		`{"Items":[{"Id":"a","Status":1,"Num":"4","Height":1e3,"On":"true","At":` + atMillis + `}],"Names":["n",null]}`,
		`{"Items":{"Items":[{"At":"2019-07-24T14:21:15.123+08:00"}]},"Inner":"{\"Id\":1}","Times":[0,"","-1"]}`,
		`{"Items":["{\"Id\":1}","[]","[\"{}\"]",""]}`, `[]`, `null`, `"{}"`, `{"Inner":{"At":-62135596800001}}`,
		`{"Inner":{"At":"9999-12-31T23:59:59-23:59"}}`, `{"Inner":{"Id":"` + "\xff" + `"}}`, `{"ITEMS":[],"items":[{}]}`,
		`{"Items":[{"At":253402300799999.0}]}`, `{"Names":{"a":[1,true,"x"],"b":null}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p page
		err := Unmarshal(b, &p)
		again, other := page{}, page{}
		if !json.Valid(b) {
			require.Error(t, err)
		}
		text, err := json.Marshal(p)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &again))
		require.True(t, reflect.DeepEqual(p, again), "%+v\n%+v", p, again)
		require.NoError(t, Unmarshal(text, &other))
		require.True(t, reflect.DeepEqual(p, other), "%+v\n%+v", p, other)
		var list []item
		var s string
		_, _ = Unmarshal(b, &list), Unmarshal(b, &s)
	})
}

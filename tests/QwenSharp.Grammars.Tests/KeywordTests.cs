namespace QwenSharp.Grammars.Tests;

/// <summary>Each keyword of JSON Schema: what it takes as valid is accepted, and nothing else.</summary>
public sealed class KeywordTests
{
    public static TheoryData<string, string[], string[]> Cases() => new()
    {
        { "true", ["1", "\"a\"", "[1,{\"a\":null}]", "{}", "-0.5e+3", "[[],[]]"], ["", "01", "1.", "[1,]", "{\"a\"}", "nul", "\"a", "{\"a\":1,}", "+1"] },
        { """{"type": "null"}""", ["null"], ["0", "\"\""] },
        { """{"type": "boolean"}""", ["true", "false"], ["1", "null"] },
        { """{"type": "integer"}""", ["0", "-12", "1.0", "10000000000000000000000"], ["1.5", "\"1\"", "01", "-"] },
        { """{"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}""", ["3"], ["3.0", "3.5"] },
        { """{"type": ["integer", "null"]}""", ["3", "null"], ["3.5", "\"\"", "true"] },
        { """{"type": "string"}""", ["\"\"", "\"é😀\"", "\"\\u00e9\\ud83d\\ude00\\n\"", "\"\\/\""], ["\"\\ud83d\"", "\"\\x\"", "\"\n\"", "\"\\ude00\""] },
        { """{"enum": [1, "a", null, [1, 2], {"b": true}]}""", ["1", "1.0", "\"a\"", "\"\\u0061\"", "null", "[1,2]", "{\"b\":true}"], ["2", "\"b\"", "[2,1]", "[1]", "{\"b\":false}", "{}", "{\"b\":true,\"c\":1}"] },
        { """{"const": {"a": [0.5]}}""", ["{\"a\":[0.5]}", "{\"a\":[0.50]}"], ["{\"a\":[0.5,1]}", "{}", "0.5"] },
        { """{"minimum": -1.5, "exclusiveMaximum": 100}""", ["-1.5", "0", "-0", "99.999", "\"x\"", "-1.50"], ["-1.51", "100", "100.0", "-2", "1000"] },
        { """{"exclusiveMinimum": 0}""", ["1e-7", "0.0001", "5E+20"], ["0", "-1", "0.000", "-1e5", "0e3"] },
        { """{"minimum": 3, "exclusiveMinimum": true, "$schema": "http://json-schema.org/draft-04/schema#"}""", ["3.1", "4"], ["3", "2"] },
        { """{"type": "number", "multipleOf": 0.01}""", ["0.05", "3", "1.10", "-2.25"], ["0.055", "0.001"] },
        { """{"type": "integer", "multipleOf": 7, "minimum": 10, "maximum": 30}""", ["14", "21", "28"], ["7", "35", "20", "1", "29"] },
        { """{"type": "number", "not": {"minimum": 3, "maximum": 5}}""", ["2.9", "5.1", "-4"], ["3", "4", "5.0"] },
        { """{"type": "string", "minLength": 2, "maxLength": 3}""", ["\"ab\"", "\"abc\"", "\"😀é\"", "\"\\ud83d\\ude00\\n\""], ["\"a\"", "\"abcd\"", "\"😀\""] },
        { """{"type": "string", "maxLength": 0}""", ["\"\""], ["\"a\"", "\"\\n\""] },
        { """{"type": "string", "pattern": "^a+b"}""", ["\"ab\"", "\"aabxyz\"", "\"\\u0061b\""], ["\"b\"", "\"xab\""] },
        { """{"type": "string", "pattern": "b$", "maxLength": 3}""", ["\"b\"", "\"xxb\""], ["\"xxxb\"", "\"ba\""] },
        { """{"type": "string", "allOf": [{"pattern": "a"}, {"pattern": "b"}], "not": {"pattern": "c"}}""", ["\"ab\"", "\"bxa\""], ["\"a\"", "\"abc\""] },
        { """{"type": "string", "format": "date"}""", ["\"2024-02-29\"", "\"1999-12-31\""], ["\"2023-02-29\"", "\"2024-13-01\"", "\"24-01-01\""] },
        { """{"type": "string", "format": "date-time"}""", ["\"2024-02-29T23:59:00Z\"", "\"1990-12-31T15:59:59.5-08:00\""], ["\"2024-02-29 23:59:00Z\"", "\"2024-02-29T24:00:00Z\"", "\"2024-02-29T23:59:00\""] },
        { """{"type": "string", "format": "email"}""", ["\"a.b@example.com\""], ["\"a\"", "\".a@b\"", "\"a@-b\""] },
        { """{"type": "string", "format": "ipv4"}""", ["\"127.0.0.1\""], ["\"256.0.0.1\"", "\"1.2.3\"", "\"01.2.3.4\""] },
        { """{"type": "string", "format": "ipv6"}""", ["\"::1\"", "\"fe80::1:2\"", "\"::ffff:1.2.3.4\"", "\"1:2:3:4:5:6:7:8\""], ["\"1::2::3\"", "\"12345::\"", "\"1:2:3\""] },
        { """{"type": "string", "format": "uuid"}""", ["\"2eb8aa08-aa98-11ea-b4aa-73b441d16380\""], ["\"2eb8aa08-aa98-11ea-b4aa-73b441d1638\""] },
        { """{"type": "string", "format": "uri"}""", ["\"http://a.b/c?d=e#f\"", "\"urn:x:y\"", "\"mailto:a@b\""], ["\"/a\"", "\"a b:c\"", "\"//x\""] },
        { """{"type": "string", "format": "hostname"}""", ["\"a.example-1.com\""], ["\"-a\"", "\"a..b\"", "\"a_b\""] },
        { """{"type": "string", "format": "time"}""", ["\"08:30:06Z\"", "\"23:59:60Z\""], ["\"08:30:06\"", "\"24:00:00Z\"", "\"22:59:60Z\""] },
        { """{"type": "string", "format": "chickenbutt"}""", ["\"x\""], ["1"] },
        { """{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"], "additionalProperties": false}""", ["{\"a\":1}", "{\"b\":\"\",\"a\":1}", "{\"a\": 1, \"b\": \"x\"}", "{\n  \"a\": 1\n}", "{\"\\u0061\":1}"], ["{}", "{\"b\":\"\"}", "{\"a\":\"1\"}", "{\"a\":1,\"c\":1}", "{\"a\":1,\"a\":2}", "1"] },
        { """{"properties": {"名": {"const": 1}, "名a": {"const": 2}, "é\"q": {"const": 3}}, "additionalProperties": {"type": "null"}}""", ["{\"名\":1,\"名a\":2}", "{\"é\\\"q\":3,\"x\":null}", "{\"\\u540d\":1}", "3"], ["{\"名\":2}", "{\"\\u540d\":2}", "{\"名\":null}", "{\"x\":1}", "{\"x\":null,\"x\":null}"] },
        { """{"type": "object", "patternProperties": {"^x_": {"type": "integer"}, "y$": {"minimum": 5}}, "additionalProperties": false}""", ["{\"x_a\":1,\"y\":7,\"x_y\":5}", "{}"], ["{\"x_a\":\"\"}", "{\"x_y\":1}", "{\"z\":1}", "{\"y\":4}"] },
        { """{"type": "object", "propertyNames": {"maxLength": 2, "pattern": "^[a-z]*$"}}""", ["{\"ab\":1}", "{\"\":0}"], ["{\"abc\":1}", "{\"A\":1}"] },
        { """{"type": "object", "propertyNames": {"enum": ["a", "b"]}, "minProperties": 2}""", ["{\"a\":1,\"b\":2}"], ["{\"a\":1}", "{\"a\":1,\"c\":2}"] },
        { """{"type": "object", "minProperties": 1, "maxProperties": 2}""", ["{\"a\":1}", "{\"a\":1,\"b\":1}"], ["{}", "{\"a\":1,\"b\":1,\"c\":1}"] },
        { """{"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"], "maxProperties": 1}""", ["{\"b\":1}"], ["{\"a\":1}", "{\"a\":1,\"b\":1}"] },
        { """{"type": "object", "dependentRequired": {"a": ["b"]}}""", ["{}", "{\"b\":1}", "{\"a\":1,\"b\":1}", "{\"b\":1,\"a\":1}"], ["{\"a\":1}", "{\"a\":1,\"c\":1}"] },
        { """{"type": "object", "dependencies": {"a": {"required": ["c"], "properties": {"c": {"const": 1}}}, "b": ["a"]}}""", ["{\"a\":0,\"c\":1}", "{\"c\":2}", "{\"b\":1,\"a\":1,\"c\":1}"], ["{\"a\":0,\"c\":2}", "{\"a\":0}", "{\"b\":1}"] },
        { """{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}""", ["[1]", "[1,2]", "[1, 2]", "[\n  1\n]"], ["[]", "[1,2,3]", "[\"\"]", "[1  ,2]"] },
        { """{"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": false}""", ["[]", "[1]", "[1,2]"], ["[2]", "[1,2,3]"] },
        { """{"type": "array", "items": [{"const": 1}], "additionalItems": {"const": 2}, "$schema": "http://json-schema.org/draft-07/schema#"}""", ["[1,2,2]", "[]"], ["[1,1]", "[2]"] },
        { """{"type": "array", "contains": {"type": "integer", "minimum": 5}}""", ["[5]", "[\"a\",1,9,2]"], ["[]", "[1,2]"] },
        { """{"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}, "minContains": 2, "maxContains": 3, "maxItems": 4}""", ["[7,7]", "[7,1,7,7]"], ["[7]", "[7,7,7,7]", "[1,2,3,4]"] },
        { """{"allOf": [{"type": "object", "properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"maximum": 2}, "b": false}}]}""", ["{\"a\":1}", "{}"], ["{\"a\":3}", "{\"a\":0}", "{\"b\":1}", "1"] },
        { """{"anyOf": [{"type": "integer"}, {"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]}""", ["1", "{\"a\":1}", "{\"x\":0,\"b\":1}"], ["{}", "\"\"", "{\"c\":1}"] },
        { """{"oneOf": [{"type": "integer"}, {"minimum": 2}], "type": "number"}""", ["1", "2.5"], ["3", "1.5"] },
        { """{"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}, "v": {"type": "integer"}}, "required": ["k", "v"]}, {"type": "object", "properties": {"k": {"const": "b"}, "v": {"type": "string"}}, "required": ["k", "v"]}]}""", ["{\"k\":\"a\",\"v\":1}", "{\"v\":\"x\",\"k\":\"b\"}"], ["{\"k\":\"a\",\"v\":\"x\"}", "{\"k\":\"b\",\"v\":1}", "{\"k\":\"a\"}"] },
        { """{"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}""", ["{\"a\":1}", "{\"b\":1,\"c\":0}"], ["{}", "{\"a\":1,\"b\":1}", "{\"c\":1}"] },
        { """{"not": {"type": ["string", "object"]}}""", ["1", "[]", "null"], ["\"\"", "{}"] },
        { """{"type": "object", "not": {"properties": {"a": {"const": 1}}, "additionalProperties": {"type": "integer"}}}""", ["{\"a\":2}", "{\"b\":\"\"}", "{\"a\":1,\"b\":null}"], ["{}", "{\"a\":1}", "{\"b\":2}"] },
        { """{"type": "array", "not": {"items": {"type": "integer"}}}""", ["[\"\"]", "[1,null,2]"], ["[]", "[1]"] },
        { """{"type": "object", "if": {"properties": {"t": {"const": 1}}, "required": ["t"]}, "then": {"required": ["x"]}, "else": {"required": ["y"]}}""", ["{\"t\":1,\"x\":0}", "{\"t\":2,\"y\":0}", "{\"y\":0}"], ["{\"t\":1,\"y\":0}", "{}", "{\"t\":2,\"x\":0}"] },
        { """{"$defs": {"n": {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"$ref": "#/$defs/n"}}, "required": ["v"], "additionalProperties": false}}, "$ref": "#/$defs/n"}""", ["{\"v\":1}", "{\"v\":1,\"next\":{\"next\":{\"v\":3},\"v\":2}}"], ["{\"v\":1,\"next\":{}}", "{\"next\":{\"v\":1}}"] },
        { """{"$id": "http://x/root", "$ref": "other", "$defs": {"o": {"$id": "other", "type": "integer"}}}""", ["1"], ["\"\""] },
        { """{"properties": {"a": {"$ref": "#foo"}}, "$defs": {"x": {"$anchor": "foo", "const": 4}}}""", ["{\"a\":4}"], ["{\"a\":5}"] },
        { """{"type": "object", "allOf": [{"properties": {"a": true}}], "properties": {"b": true}, "unevaluatedProperties": false}""", ["{\"a\":1,\"b\":2}"], ["{\"c\":1}"] },
        { """{"type": "object", "anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {"const": 2}}, "required": ["b"]}], "unevaluatedProperties": false}""", ["{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}"], ["{\"a\":1,\"b\":3}", "{\"a\":1,\"c\":0}"] },
        { """{"type": "array", "prefixItems": [true], "unevaluatedItems": {"type": "null"}}""", ["[1]", "[1,null]"], ["[1,2]"] },
        { """{"type": "object", "title": "t", "x-unknown": 1, "description": "d", "default": 3}""", ["{}"], ["1"] },
        { """{"type": "array", "uniqueItems": true, "items": {"type": ["string", "null"]}}""", ["[]", "[\"a\",\"b\",null]", "[\"ab\",\"a\"]", "[\"null\",null]"], ["[\"a\",\"a\"]", "[\"a\",\"b\",\"\\u0061\"]", "[null,\"x\",null]"] },
        { """{"type": "array", "uniqueItems": true, "items": {"enum": ["a", "ab", true]}, "minItems": 2}""", ["[\"a\",\"ab\"]", "[true,\"ab\",\"a\"]"], ["[\"a\"]", "[\"a\",\"a\"]", "[true,true]", "[\"a\",\"ab\",true,\"a\"]"] },
        { """{"uniqueItems": true, "maxItems": 1}""", ["[1]", "3"], ["[1,1]"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Valid_instances_are_accepted_and_invalid_ones_refused(string schema, string[] valid, string[] invalid)
    {
        Grammar grammar = SmallVocabulary.Schema(schema);
        Assert.All(valid, text => Assert.True(SmallVocabulary.Accepts(grammar, text), $"{text} is valid."));
        Assert.All(invalid, text => Assert.False(SmallVocabulary.Accepts(grammar, text), $"{text} is invalid."));
    }

    [Theory]
    [InlineData("""{"uniqueItems": true}""", "uniqueItems")]
    [InlineData("""{"items": {"enum": ["a", null]}, "minItems": 3, "uniqueItems": true}""", "uniqueItems")]
    [InlineData("""{"$ref": "http://example.com/other.json"}""", "$ref")]
    [InlineData("""{"$ref": "#/$defs/absent"}""", "$ref")]
    [InlineData("""{"$ref": "#"}""", "$ref")]
    [InlineData("""{"anyOf": [{"$ref": "#"}, {"type": "null"}]}""", "$ref")]
    [InlineData("""{"pattern": "(a)\\1"}""", "pattern")]
    [InlineData("""{"pattern": "(?<=a)b"}""", "pattern")]
    [InlineData("""{"pattern": "(a"}""", "pattern")]
    [InlineData("""{"pattern": "((a{1000}){1000}){1000}"}""", "pattern")]
    [InlineData("""{"patternProperties": {"(": true}}""", "patternProperties")]
    [InlineData("""{"type": "text"}""", "type")]
    [InlineData("""{"format": "regex"}""", "format")]
    [InlineData("""{"required": true}""", "required")]
    [InlineData("""{"minLength": "1"}""", "minLength")]
    [InlineData("""{"minimum": "1"}""", "minimum")]
    [InlineData("""{"anyOf": []}""", "anyOf")]
    [InlineData("""{"multipleOf": 0}""", "multipleOf")]
    [InlineData("false", "schema")]
    [InlineData("""{"allOf": [{"type": "string"}, {"type": "null"}]}""", "schema")]
    [InlineData("""{"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "required": ["x"]}}}""", "schema")]
    public void What_cannot_be_enforced_is_refused_by_name(string schema, string keyword)
    {
        GrammarException refused = Assert.Throws<GrammarException>(() => SmallVocabulary.Schema(schema));
        Assert.Equal(keyword, refused.Keyword);
        Assert.StartsWith(keyword, refused.Message, StringComparison.Ordinal);
    }
}

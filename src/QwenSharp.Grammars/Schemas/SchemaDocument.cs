using System.Text.Json;

namespace QwenSharp.Grammars.Schemas;

/// <summary>
/// A document of schemas: finds a schema by its place and by what refers to it. Nothing outside of the document is looked up.
/// </summary>
internal sealed class SchemaDocument
{
    private const int MaxDepth = 256;
    private const int MaxSchemas = 200_000;
    private const int Many = 64;
    private const string RootBase = "urn:root";

    private readonly JsonElement _root;
    private readonly Dictionary<string, Schema> _byPointer = [];
    private readonly Dictionary<string, Dictionary<string, JsonElement>> _members = new(StringComparer.Ordinal);
    private readonly List<Schema> _all = [];
    private readonly Dictionary<string, string> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Base, string Name), string> _anchors = [];
    private readonly Dictionary<string, string> _bases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _dynamic = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _rawIds = new(StringComparer.Ordinal);

    public SchemaDocument(JsonElement root)
    {
        _root = root;
        Draft = DraftOf(root);
        using JsonDocument always = JsonDocument.Parse("true");
        _all.Add(new Schema(0, always.RootElement.Clone(), ""));
        _bases[""] = RootBase;
        _resources[RootBase] = "";
        Index(root, "", RootBase, 0);
        Root = At("", root);
    }

    public Draft Draft { get; }

    public Schema Root { get; }

    /// <summary>Whether any schema asks for what others left unevaluated.</summary>
    public bool TracksEvaluated { get; private set; }

    public Schema this[int id] => _all[id];

    /// <summary>A schema below another.</summary>
    public Schema Child(Schema parent, JsonElement element, string step, string? name = null) =>
        At(name is null ? $"{parent.Pointer}/{step}" : $"{parent.Pointer}/{step}/{Escape(name)}", element);

    /// <summary>A schema that the document does not have: what another keyword means.</summary>
    public Schema Synthetic(string json, string pointer)
    {
        string key = $"{pointer}#{json}";
        if (_byPointer.TryGetValue(key, out Schema? known))
            return known;
        using JsonDocument document = JsonDocument.Parse(json);
        return Add(key, document.RootElement.Clone(), pointer);
    }

    /// <summary>The schema that a reference means.</summary>
    /// <exception cref="GrammarException">It is not in the document.</exception>
    public Schema Resolve(Schema from, string reference, string keyword)
    {
        string current = BaseOf(from.Pointer);
        int hash = reference.IndexOf('#', StringComparison.Ordinal);
        string address = hash < 0 ? reference : reference[..hash];
        string fragment = hash < 0 ? "" : Uri.UnescapeDataString(reference[(hash + 1)..]);
        string resource = address.Length == 0 ? current : Combine(current, address);
        if (!_resources.TryGetValue(resource, out string? pointer) && !_rawIds.TryGetValue(address, out pointer))
            throw new GrammarException(keyword, from.Pointer, $"\"{reference}\" is not in this document.");
        string? found = null;
        if (fragment.Length == 0)
            found = pointer;
        else if (fragment[0] == '/')
            found = TryFind(pointer + fragment, out _) ? pointer + fragment : TryFind(fragment, out _) ? fragment : null;
        else if (_anchors.TryGetValue((resource, fragment), out string? anchored) || _rawIds.TryGetValue("#" + fragment, out anchored))
            found = anchored;
        if (found is null || !TryFind(found, out JsonElement element))
            throw new GrammarException(keyword, from.Pointer, $"\"{reference}\" is not in this document.");
        if (keyword is "$dynamicRef" or "$recursiveRef" && _dynamic.GetValueOrDefault(fragment) > 1)
            throw new GrammarException(keyword, from.Pointer, "which schema it means changes with the way to it.");
        return At(Normalized(found), element);
    }

    private static Draft DraftOf(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("$schema", out JsonElement schema))
            return Draft.Draft2020;
        string uri = schema.ValueKind == JsonValueKind.String ? schema.GetString()! : "";
        return uri.Contains("draft-03", StringComparison.Ordinal) ? Draft.Draft3
            : uri.Contains("draft-04", StringComparison.Ordinal) ? Draft.Draft4
            : uri.Contains("draft-06", StringComparison.Ordinal) ? Draft.Draft6
            : uri.Contains("draft-07", StringComparison.Ordinal) ? Draft.Draft7
            : uri.Contains("2019-09", StringComparison.Ordinal) ? Draft.Draft2019
            : Draft.Draft2020;
    }

    private static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Normalized(string pointer) =>
        string.Join('/', pointer.Split('/').Select(step => Escape(Unescape(step))));

    private static string Unescape(string step) =>
        step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static string Combine(string from, string address)
    {
        if (Uri.TryCreate(address, UriKind.Absolute, out Uri? absolute))
            return absolute.ToString().TrimEnd('#');
        return Uri.TryCreate(from, UriKind.Absolute, out Uri? start) && Uri.TryCreate(start, address, out Uri? combined)
            ? combined.ToString().TrimEnd('#')
            : address;
    }

    private Schema At(string pointer, JsonElement element)
    {
        if (_byPointer.TryGetValue(pointer, out Schema? known))
            return known;
        if (element.ValueKind == JsonValueKind.True || (element.ValueKind == JsonValueKind.Object && !element.EnumerateObject().Any()))
            return _byPointer[pointer] = _all[0];
        if (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.False))
            throw new GrammarException(pointer[(pointer.LastIndexOf('/') + 1)..], pointer, "it is no schema.");
        return Add(pointer, element, pointer);
    }

    private Schema Add(string key, JsonElement element, string pointer)
    {
        if (_all.Count > MaxSchemas)
            throw new GrammarException("schema", "", "it is too large.");
        Schema made = new(_all.Count, element, pointer);
        _all.Add(made);
        _byPointer[key] = made;
        return made;
    }

    private string BaseOf(string pointer)
    {
        while (true)
        {
            if (_bases.TryGetValue(pointer, out string? found))
                return found;
            int cut = pointer.LastIndexOf('/');
            if (cut < 0)
                return _bases[""];
            pointer = pointer[..cut];
        }
    }

    /// <summary>Notes the names of all schemas, wherever they stand but in values.</summary>
    private void Index(JsonElement element, string pointer, string current, int depth)
    {
        if (depth > MaxDepth)
            throw new GrammarException("schema", pointer, $"it is nested more than {MaxDepth} deep.");
        if (element.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                    Index(item, $"{pointer}/{index}", current, depth + 1);
                index++;
            }

            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (string keyword in (ReadOnlySpan<string>)["$id", "id"])
        {
            bool isId = element.TryGetProperty(keyword, out JsonElement id) && id.ValueKind == JsonValueKind.String;
            if (!isId || (keyword == "id" && Draft > Draft.Draft4 && element.TryGetProperty("$id", out _)))
                continue;
            string text = id.GetString()!;
            _rawIds.TryAdd(text, pointer);
            if (text.StartsWith('#'))
            {
                _anchors.TryAdd((current, text[1..]), pointer);
            }
            else if (keyword == "$id" || Draft <= Draft.Draft4 || pointer.Length == 0)
            {
                current = Combine(current, text);
                _resources.TryAdd(current, pointer);
                _bases[pointer] = current;
            }
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "$anchor" or "$dynamicAnchor" when property.Value.ValueKind == JsonValueKind.String:
                    string name = property.Value.GetString()!;
                    _anchors.TryAdd((current, name), pointer);
                    if (property.Name == "$dynamicAnchor")
                        _dynamic[name] = _dynamic.GetValueOrDefault(name) + 1;
                    break;
                case "$recursiveAnchor" when property.Value.ValueKind == JsonValueKind.True:
                    _dynamic[""] = 2;
                    break;
                case "unevaluatedProperties" or "unevaluatedItems":
                    TracksEvaluated = true;
                    break;
            }

            if (property.Name is not ("const" or "enum" or "default" or "examples" or "example")
                && property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                Index(property.Value, $"{pointer}/{Escape(property.Name)}", current, depth + 1);
            }
        }
    }

    // By its name a member of an object is looked for among all of them; where these are many, once is enough.
    private bool TryMember(string pointer, JsonElement owner, string name, out JsonElement member)
    {
        if (owner.GetPropertyCount() < Many)
            return owner.TryGetProperty(name, out member);
        if (!_members.TryGetValue(pointer, out Dictionary<string, JsonElement>? members))
        {
            _members[pointer] = members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (JsonProperty property in owner.EnumerateObject())
                members[property.Name] = property.Value;
        }

        return members.TryGetValue(name, out member);
    }

    private bool TryFind(string pointer, out JsonElement found)
    {
        found = _root;
        if (pointer.Length == 0)
            return true;
        int at = 0;
        foreach (string step in pointer[1..].Split('/'))
        {
            string name = Unescape(step), owner = pointer[..at];
            at += 1 + step.Length;
            if (found.ValueKind == JsonValueKind.Object && TryMember(owner, found, name, out JsonElement member))
                found = member;
            else if (found.ValueKind == JsonValueKind.Array && uint.TryParse(name, out uint index) && index < found.GetArrayLength())
                found = found[(int)index];
            else
                return false;
        }

        return found.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False;
    }
}

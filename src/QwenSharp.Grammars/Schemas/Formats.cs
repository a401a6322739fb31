namespace QwenSharp.Grammars.Schemas;

/// <summary>The formats that are enforced, as regular expressions of the whole text. Other formats are annotations.</summary>
internal static class Formats
{
    // There is no year 0000.
    private const string Date =
        "(?:(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-"
        + "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
        + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)";

    // A leap second is the last one of a day in UTC: without an offset it is told from the time alone.
    private const string Time =
        "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
        + "|23:59:60(?:\\.[0-9]+)?[Zz])";

    private const string Label = "(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)";
    private const string Octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private const string Ipv4 = $"(?:{Octet}(?:\\.{Octet}){{3}})";
    private const string Hex = "[0-9A-Fa-f]{1,4}";

    private const string Ipv6 =
        $"(?:(?:{Hex}:){{7}}{Hex}|(?:{Hex}:){{6}}{Ipv4}|:(?::{Hex}){{1,7}}|::|(?:{Hex}:){{1,7}}:|(?:{Hex}:){{1,6}}:{Hex}"
        + $"|(?:{Hex}:){{1,5}}(?::{Hex}){{2}}|(?:{Hex}:){{1,4}}(?::{Hex}){{3}}|(?:{Hex}:){{1,3}}(?::{Hex}){{4}}"
        + $"|(?:{Hex}:){{1,2}}(?::{Hex}){{5}}|{Hex}:(?::{Hex}){{6}}|::(?:{Hex}:){{0,5}}{Ipv4}|(?:{Hex}:){{1,5}}:{Ipv4}"
        + $"|(?:{Hex}:){{1,4}}(?::{Hex}):{Ipv4}|(?:{Hex}:){{1,3}}(?::{Hex}){{2}}:{Ipv4}|(?:{Hex}:){{1,2}}(?::{Hex}){{3}}:{Ipv4}"
        + $"|{Hex}:(?::{Hex}){{4}}:{Ipv4})";

    private const string Atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    private const string PathCharacter = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
    private const string Host =
        $"(?:\\[(?:{Ipv6}|v[0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{{2}})*)";

    private const string Authority =
        $"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{{2}})*@)?{Host}(?::[0-9]*)?";

    private const string Tail = "(?:\\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
        + "(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?";

    private const string Uri =
        $"[A-Za-z][A-Za-z0-9+.-]*:(?://{Authority}(?:/{PathCharacter}*)*|/(?:{PathCharacter}+(?:/{PathCharacter}*)*)?"
        + $"|{PathCharacter}+(?:/{PathCharacter}*)*|){Tail}";

    private const string RelativeUri =
        $"(?://{Authority}(?:/{PathCharacter}*)*|/(?:{PathCharacter}+(?:/{PathCharacter}*)*)?"
        + $"|(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{{2}})+(?:/{PathCharacter}*)*|){Tail}";

    private const string Variable = "(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?:\\.(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+)*(?:\\*|:[1-9][0-9]{0,3})?";

    private const string UriTemplate =
        $"(?:[!#$&()*+,./0-9:;=?@A-Z\\[\\]_a-z~-]|%[0-9A-Fa-f]{{2}}|\\{{[+#./;?&=,!@|]?{Variable}(?:,{Variable})*\\}})*";

    private const string Duration =
        "P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
        + "(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?"
        + "|T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))";

    /// <summary>The expression of a format; null for one that is not enforced.</summary>
    public static string? Of(string format) => format switch
    {
        "date" => Date,
        "time" => Time,
        "date-time" => $"{Date}[Tt]{Time}",
        "duration" => Duration,
        "email" => $"{Atom}(?:\\.{Atom})*@{Label}(?:\\.{Label})*",
        "hostname" => $"(?=[^]{{1,253}}$){Label}(?:\\.{Label})*",
        "ipv4" => Ipv4,
        "ipv6" => Ipv6,
        "uuid" => "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
        "uri" => Uri,
        "uri-reference" => $"(?:{Uri}|{RelativeUri})",
        "json-pointer" => "(?:/(?:[^~/]|~[01])*)*",
        "iri" => International(Uri),
        "iri-reference" => International($"(?:{Uri}|{RelativeUri})"),
        "idn-email" => $"{Atom.Replace("{|}", "{|}\\u00A1-\\uD7FF\\uE000-\\uFFEF", StringComparison.Ordinal)}@{Label}(?:\\.{Label})*",
        "idn-hostname" => $"{Label}(?:\\.{Label})*",
        "uri-template" => UriTemplate,
        "relative-json-pointer" => "(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~[01])*)*)",
        _ => null,
    };

    /// <summary>Whether a format has rules that no automaton here enforces.</summary>
    public static bool IsRefused(string format) =>
        format is "regex";

    private static string International(string expression) =>
        expression.Replace("._~", "._~\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF", StringComparison.Ordinal);
}

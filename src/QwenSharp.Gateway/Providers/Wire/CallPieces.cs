using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>
/// The calls of an answer as pieces, one call after the other: neutral updates have one open at a time. What comes of a later call while
/// an earlier one may go on waits for that one's end.
/// </summary>
internal sealed class CallPieces
{
    private readonly List<Call> _calls = [];
    private int _open;

    /// <summary>Whether the answer makes a call.</summary>
    public bool Any => _calls.Count > 0;

    /// <summary>Whether a call has begun.</summary>
    public bool Has(object place) => _calls.Exists(call => call.Place.Equals(place));

    public IEnumerable<Piece> Begin(object place, string? id, string name)
    {
        // Most providers do not say that a call is whole, they begin the next.
        if (_open < _calls.Count && _calls[_open].IsComplete)
            _calls[_open].HasEnded = true;

        // An id that was not given, or that another call has, would leave the result without its call.
        if (string.IsNullOrEmpty(id) || _calls.Exists(call => call.Id == id))
            id = $"call_{Guid.NewGuid():N}"[..29];

        _calls.Add(new Call(place, id, name));
        return Advance();
    }

    public IEnumerable<Piece> Continue(object place, string piece)
    {
        Call? call = _calls.FindLast(call => call.Place.Equals(place));
        if (call is null || call.HasEnded)
            return [];

        if (call.Arguments.Length + piece.Length > WireLimits.Arguments)
            throw new WireFormatException($"The arguments of a call are longer than {WireLimits.Arguments >> 20} Mi characters.");

        call.Arguments.Append(piece);
        return Advance();
    }

    public IEnumerable<Piece> End(object place)
    {
        if (_calls.FindLast(call => call.Place.Equals(place)) is { } call)
            call.HasEnded = true;

        return Advance();
    }

    public IEnumerable<Piece> EndAll()
    {
        _calls.ForEach(call => call.HasEnded = true);
        return Advance();
    }

    private List<Piece> Advance()
    {
        List<Piece> pieces = [];
        while (_open < _calls.Count)
        {
            Call call = _calls[_open];
            pieces.AddRange(call.Tell());
            if (!call.HasEnded)
                break;

            pieces.Add(new Piece(null, call.Whole()));
            _open++;
        }

        return pieces;
    }

    /// <summary>A fragment of a call, or the whole one behind its fragments.</summary>
    public readonly record struct Piece(CallFragment? Fragment, FunctionCallContent? Whole);

    private sealed class Call(object place, string id, string name)
    {
        private bool _begun;
        private int _told;

        public object Place => place;

        public string Id => id;

        public StringBuilder Arguments { get; } = new();

        public bool HasEnded { get; set; }

        public bool IsComplete => Arguments.Length > 0 && Parse() is not null;

        public IEnumerable<Piece> Tell()
        {
            if (!_begun)
                yield return new Piece(new CallFragment(id, name, ""), null);

            _begun = true;
            if (HasEnded && Arguments.Length == 0)
                Arguments.Append("{}");

            if (Arguments.Length > _told)
                yield return new Piece(new CallFragment(id, name, Arguments.ToString(_told, Arguments.Length - _told)), null);

            _told = Arguments.Length;
        }

        public FunctionCallContent Whole() => Parse() is { } arguments
            ? new FunctionCallContent(id, name, arguments)
            : new FunctionCallContent(id, name)
            {
                Exception = new JsonException("The arguments of the call are no JSON object."),
                AdditionalProperties = new() { [ContentKeys.RawArguments] = Arguments.ToString() },
            };

        private Dictionary<string, object?>? Parse()
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(Arguments.ToString(), new JsonDocumentOptions { MaxDepth = 128 });
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    return null;

                Dictionary<string, object?> arguments = [];
                foreach (JsonProperty property in document.RootElement.EnumerateObject())
                    arguments[property.Name] = property.Value.Clone();

                return arguments;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }
}

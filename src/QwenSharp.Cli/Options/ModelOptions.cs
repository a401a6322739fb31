using System.CommandLine;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Options;

/// <summary>The options of every command that computes with a model, or of those among them that apply.</summary>
internal sealed class ModelOptions
{
    private readonly Option<int> _threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
    private readonly Option<int> _context = Values.Number(
        "--context",
        0,
        int.MaxValue,
        "The longest sequence in tokens; 0 for the model's own, as far as memory allows.",
        0);
    private readonly Option<string> _kv;
    private readonly List<Option> _offered = [];

    private static readonly string[] _kvTypes = [.. KvStore.Types.Select(type => type.ToString().ToLowerInvariant())];

    public ModelOptions(string kvDefault = "f16", bool threads = true, bool context = true)
    {
        _kv = new Option<string>("--kv")
        {
            Description = "How keys and values are kept: exact (f32), half of that (f16, bf16) or about a quarter (q8_0).",
            HelpName = string.Join('|', _kvTypes),
            DefaultValueFactory = _ => kvDefault,
        };
        Values.OneOf(_kv, _kvTypes);
        if (threads)
            _offered.Add(_threads);
        if (context)
            _offered.Add(_context);

        _offered.Add(_kv);
    }

    public void AddTo(Command command) => _offered.ForEach(command.Add);

    public int Context(ParseResult parsed) => _offered.Contains(_context) ? parsed.GetValue(_context) : 0;

    public TensorType KvType(ParseResult parsed) => TensorTypes.Parse(parsed.GetValue(_kv)!);

    public QwenModelOptions Read(ParseResult parsed) => new()
    {
        Threads = _offered.Contains(_threads) ? parsed.GetValue(_threads) : 0,
        ContextLength = Context(parsed),
        KvType = KvType(parsed),
    };
}

using System.CommandLine;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Options;

/// <summary>The options of every command that computes with a model.</summary>
internal sealed class ModelOptions
{
    private readonly Option<int> _threads = Values.AtLeast("--threads", 0, "Threads that compute; 0 for one a processor.");
    private readonly Option<int> _context = Values.AtLeast("--context", 0, "The longest sequence in tokens; 0 for the model's own, as far as memory allows.");
    private readonly Option<string> _kv;
    private readonly string _kvDefault;
    private readonly bool _hasThreads;

    public ModelOptions(string kvDefault = "f16", bool threads = true)
    {
        _hasThreads = threads;
        _kvDefault = kvDefault;
        _kv = new Option<string>("--kv") { Description = $"How keys and values are kept: f16 or f32 (default {kvDefault}).", HelpName = "f16|f32" };
        _kv.AcceptOnlyFromAmong("f16", "f32");
    }

    public void AddTo(Command command)
    {
        if (_hasThreads)
            command.Add(_threads);

        command.Add(_context);
        command.Add(_kv);
    }

    public int Threads(ParseResult parsed) => parsed.GetValue(_threads);

    public int Context(ParseResult parsed) => parsed.GetValue(_context);

    public TensorType KvType(ParseResult parsed) => (parsed.GetValue(_kv) ?? _kvDefault) == "f32" ? TensorType.F32 : TensorType.F16;

    public QwenModelOptions Read(ParseResult parsed) =>
        new() { Threads = Threads(parsed), ContextLength = Context(parsed), KvType = KvType(parsed) };
}

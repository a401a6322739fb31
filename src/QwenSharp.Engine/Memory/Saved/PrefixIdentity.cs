using System.Runtime.InteropServices;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// What the bits of keys, values and states depend on besides tokens and adapter, and how they lie in memory. A saved cache is used where
/// all of it is the same.
/// </summary>
internal static class PrefixIdentity
{
    // In the words of a sentence that says what differs.
    private const string Model = "model", Cache = "type or shape of keys and values", States = "shape of recurrent states",
        Numbers = "build of the program, .NET or instruction set";

    /// <summary>The identity of what a runner computes, a line each.</summary>
    public static string Of(ModelRunner runner, string model)
    {
        KvStore cache = runner.Cache;
        return string.Join(
            '\n',
            $"{Model}: {model}",
            $"{Cache}: {cache.GetType().Name} {cache.Type}, {cache.Layers} layers, {cache.KvHeads} heads of {cache.HeadLength}, "
                + $"{KvStore.BlockTokens} positions in {cache.StoredBytes} bytes",
            $"{States}: "
                + (runner.States is { } states ? $"{states.GetType().Name} {states.Shape}, {states.Layers} layers" : "none"),
            // What computes differently was compiled from other sources.
            $"{Numbers}: {runner.Isa} {Environment.Version} {RuntimeInformation.RuntimeIdentifier} {MvidOf<KvStore>()} "
                + $"{MvidOf<LanguageModel>()}");
    }

    /// <summary>What of two identities differs, in words.</summary>
    public static string Difference(string one, string other)
    {
        string[] lines = one.Split('\n'), others = other.Split('\n');
        string? line = lines.Except(others).FirstOrDefault();
        return line?[..line.IndexOf(':', StringComparison.Ordinal)] ?? Numbers;
    }

    private static Guid MvidOf<T>() => typeof(T).Module.ModuleVersionId;
}

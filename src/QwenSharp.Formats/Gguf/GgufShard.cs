using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// One mapped file of a model and its header. Most models are one file; the files of a split one carry <c>split.no</c> (from 0),
/// <c>split.count</c> and <c>split.tensors.count</c>, and only the first carries the model's metadata.
/// </summary>
internal sealed record GgufShard(string Path, MappedFile Map, GgufHeader Header)
{
    public const string KeyPrefix = "split.";
    public const string NumberKey = "split.no";
    public const string CountKey = "split.count";
    public const string TensorCountKey = "split.tensors.count";

    /// <summary>Opens a file and, where it is one of a split model, all others; in order.</summary>
    public static GgufShard[] OpenAll(string path)
    {
        List<GgufShard> opened = [];
        try
        {
            GgufShard given = Open(path, opened);
            int count = given.Integer(CountKey) ?? 1;
            GgufShard[] shards = count > 1 ? OpenOthers(given, count, opened) : [given];
            CheckTensorCount(shards);
            return shards;
        }
        catch
        {
            CloseAll(opened);
            throw;
        }
    }

    public static void CloseAll(IEnumerable<GgufShard> shards)
    {
        foreach (GgufShard shard in shards)
            shard.Map.Dispose();
    }

    /// <summary>The model's metadata: that of all shards, which may repeat a key only with the same value.</summary>
    public static OrderedDictionary<string, GgufValue> Merge(IReadOnlyList<GgufShard> shards)
    {
        OrderedDictionary<string, GgufValue> merged = [];
        foreach (GgufShard shard in shards)
        {
            foreach ((string key, GgufValue value) in shard.Header.Metadata)
            {
                if (!key.StartsWith(KeyPrefix, StringComparison.Ordinal)
                    && !merged.TryAdd(key, value) && !value.Equals(merged[key]))
                {
                    throw new GgufException(shard.Path, $"metadata '{key}' differs from that in {shards[0].Path}");
                }
            }
        }

        return merged;
    }

    public Tensor Tensor(GgufTensorInfo info) => Map.Tensor(info.Name, info.Type, info.Shape, info.Offset);

    private static GgufShard Open(string path, List<GgufShard> opened)
    {
        MappedFile map = MappedFile.Open(path);
        try
        {
            int window = (int)Math.Min(map.Length, int.MaxValue);
            GgufShard shard = new(path, map, GgufHeader.Read(path, map.Span(0, window), map.Length));
            opened.Add(shard);
            return shard;
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    private static GgufShard[] OpenOthers(GgufShard given, int count, List<GgufShard> opened)
    {
        if (GgufShardName.Parse(given.Path) is not GgufShardName name)
            throw given.Fault($"it is one of {count} files of a split model, so it must keep its name 'NAME-0000N-of-{count:D5}.gguf'");
        if (name.Count != count)
            throw given.Fault($"its name says {name.Count} files, its metadata '{CountKey}' says {count}");

        List<GgufShard> shards = [];
        for (int number = 1; number <= count; number++)
        {
            string path = name.Path(number);
            if (number != name.Number && !File.Exists(path))
                throw given.Fault($"file {number} of {count} is missing: {path}");

            shards.Add(number == name.Number ? given : Open(path, opened));
            shards[^1].Check(number, count);
        }

        return [.. shards];
    }

    private static void CheckTensorCount(GgufShard[] shards)
    {
        long total = shards.Sum(shard => (long)shard.Header.Tensors.Count);
        foreach (GgufShard shard in shards)
        {
            if (shard.Integer(TensorCountKey) is int declared && declared != total)
                throw shard.Fault($"metadata '{TensorCountKey}' says {declared}, but there are {total} tensors in {shards.Length} file(s)");
        }
    }

    private void Check(int number, int count)
    {
        if (Integer(CountKey) != count)
            throw Fault($"metadata '{CountKey}' does not say {count}, as the file's name does");
        if (Integer(NumberKey) != number - 1)
            throw Fault($"metadata '{NumberKey}' does not say {number - 1}, though the name says file {number} of {count}");
    }

    private int? Integer(string key)
    {
        if (!Header.Metadata.TryGetValue(key, out GgufValue? value))
            return null;

        return value.TryGetInteger(out int number) && number >= 0 ? number : throw Fault($"metadata '{key}' is {value}, not a count");
    }

    private GgufException Fault(string problem) => new(Path, problem);
}

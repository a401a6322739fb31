using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace QwenSharp.Hub;

/// <summary>
/// Transfers one file: several connections, each asking for one range after another, in order from the start of the file; every range goes
/// on where it broke.
/// A server that does not give ranges is asked for the whole file instead.
/// </summary>
internal sealed class RangedDownload(HubHttp http, HubOptions options, string repo, RepoFile file)
{
    private const int BufferSize = 128 << 10;

    // The tag that every answer must have: SHA-256 where it is known, else that of the first answer.
    private string? _tag = file.Hash is { IsSha256: true } hash ? hash.Hex : null;

    /// <summary>Transfers the file, checks it, and gives it its name.</summary>
    /// <param name="address">Where it is on the hub.</param>
    /// <param name="target">Its path here.</param>
    /// <param name="progress">Told what is going on.</param>
    /// <param name="cancellationToken">Ends the transfer; what has come is kept.</param>
    /// <returns>The bytes that came over the network.</returns>
    /// <exception cref="HubException">The hub refuses or sends something else than it lists, or the disk is full.</exception>
    public async Task<long> RunAsync(Uri address, string target, FileProgress progress, CancellationToken cancellationToken)
    {
        string identity = file.Hash?.Hex ?? address.AbsoluteUri;
        PartFile part = PartFile.Open(target, file.Size, identity, options.RangeSize, options.MarkSize);
        try
        {
            long resumed = part.Done;
            progress.Begin(resumed);
            DiskSpace.Require(target, file.Size - resumed, options.FreeSpace);
            try
            {
                await RangesAsync(part, address, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (RangesRefusedException)
            {
                part = part.InOnePiece(identity);
                resumed = 0;
                progress.Begin(0);
                await RangeAsync(part, 0, address, progress, whole: true, cancellationToken).ConfigureAwait(false);
            }

            await CheckAsync(part, progress, cancellationToken).ConfigureAwait(false);
            part.Finish();
            return file.Size - resumed;
        }
        catch (IOException full) when (full is not HubException && DiskSpace.IsFull(full))
        {
            throw DiskSpace.Full(target, file.Size - part.Done, options.FreeSpace(target), full);
        }
        catch (FileChangedException changed)
        {
            part.Discard();
            throw new HubException(
                $"{file.Path} of {repo} changed on {http.Site.Name} while it was pulled ({changed.Message}). Pull again to get "
                    + "the new one.",
                changed);
        }
        finally
        {
            part.Dispose();
        }
    }

    private Task RangesAsync(PartFile part, Uri address, FileProgress progress, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, part.Ranges),
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.Connections), CancellationToken = cancellationToken },
            async (range, stop) => await RangeAsync(part, range, address, progress, whole: false, stop).ConfigureAwait(false));

    /// <summary>Transfers a range, with as many attempts as make progress.</summary>
    private async Task RangeAsync(
        PartFile part,
        int range,
        Uri address,
        FileProgress progress,
        bool whole,
        CancellationToken cancellationToken)
    {
        Backoff backoff = new(options.Time);
        while (part.Remaining(range) > 0)
        {
            long before = part.Position(range);
            try
            {
                await AttemptAsync(part, range, address, progress, whole, cancellationToken).ConfigureAwait(false);
            }
            catch (TransientException broken)
            {
                if (part.Position(range) > before && !whole)
                    backoff.Reset();

                await backoff.WaitAsync(broken, cancellationToken).ConfigureAwait(false);
                if (whole)
                    progress.Add(-part.Rewind(range));
            }
            finally
            {
                part.Mark(range);
            }
        }
    }

    private async Task AttemptAsync(
        PartFile part,
        int range,
        Uri address,
        FileProgress progress,
        bool whole,
        CancellationToken cancellationToken)
    {
        long from = part.Position(range);
        RangeHeaderValue? wanted = whole ? null : new RangeHeaderValue(from, from + part.Remaining(range) - 1);
        using HubResponse response = await http.GetAsync(address, repo, $"{file.Path} of {repo}", wanted, cancellationToken)
            .ConfigureAwait(false);
        CheckAnswer(response, part, from, whole);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (part.Remaining(range) > 0)
            {
                int room = (int)Math.Min(buffer.Length, part.Remaining(range));
                int count = await response
                    .ReadAsync(buffer.AsMemory(0, room), options.StallTimeout, cancellationToken)
                    .ConfigureAwait(false);
                if (count == 0)
                    throw new TransientException($"{http.Site.Name} ended {file.Path} of {repo} {part.Remaining(range)} bytes early.");

                part.Append(range, buffer.AsSpan(0, count));
                progress.Add(count);
            }

            if (
                response.Message.StatusCode == HttpStatusCode.OK
                && await response.ReadAsync(buffer.AsMemory(0, 1), options.StallTimeout, cancellationToken).ConfigureAwait(false) > 0)
            {
                throw WrongLength($"more than the {file.Size} bytes listed");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Demands that an answer is what was asked for before a byte of it is written.</summary>
    private void CheckAnswer(HubResponse response, PartFile part, long from, bool whole)
    {
        if (response.IsWebPage && !file.Path.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
        {
            throw new HubException(
                $"{response.Message.RequestMessage?.RequestUri?.Host} answered with a web page instead of {file.Path} of {repo}. Does the "
                    + "network, or the mirror, want a login?"
            );
        }

        CheckTag(response.Tag);

        HttpContentHeaders headers = response.Message.Content.Headers;
        if (response.Message.StatusCode == HttpStatusCode.PartialContent)
        {
            ContentRangeHeaderValue? sent = headers.ContentRange;
            if (whole || sent?.From != from || (sent.HasLength && sent.Length != file.Size))
                throw WrongLength($"'{sent}' where bytes from {from} of {file.Size} were asked for");
        }
        else if ((!whole && part.Ranges > 1) || from > 0)
        {
            throw new RangesRefusedException();
        }
        else if (headers.ContentLength is { } length && length != file.Size)
        {
            throw WrongLength($"{length} bytes");
        }
    }

    /// <summary>
    /// Demands that every answer is about the same content. A storage may tag in its own way what the hub knows by its SHA-256; the hash
    /// has the last word on that.
    /// </summary>
    private void CheckTag(string? tag)
    {
        if (tag is null || (file.Hash is { IsSha256: true } && ContentHash.Parse(tag) is not { IsSha256: true }))
            return;
        if (Interlocked.CompareExchange(ref _tag, tag, null) is { } first && first != tag)
            throw new FileChangedException($"its tag was {first} and is {tag}");
    }

    private async Task CheckAsync(PartFile part, FileProgress progress, CancellationToken cancellationToken)
    {
        if (file.Hash is not { } hash)
            return;

        progress.Check();
        if (await hash.MatchesAsync(part.Path, progress.Add, cancellationToken).ConfigureAwait(false))
            return;

        part.Discard();
        throw new HubException($"{file.Path} of {repo} came with the right length but other content than {http.Site.Name} lists"
            + $" ({(hash.IsSha256 ? "SHA-256" : "Git's SHA-1")} is not {hash.Hex}). What came is deleted; pull again.");
    }

    private HubException WrongLength(string sent) =>
        new(
            $"{http.Site.Name} lists {file.Path} of {repo} with {file.Size} bytes and sends {sent}. Pull again later, or from another "
                + "endpoint."
        );

    private sealed class RangesRefusedException : Exception;

    private sealed class FileChangedException(string message) : Exception(message);
}
